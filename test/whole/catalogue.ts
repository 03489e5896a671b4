/** A service list with everything in it: entries that are commented out in service-list.yaml, without their `#`. Sentences stay comments. */
export function wholeCatalogue(list: string): string {
  return list.replace(/^ {2}# ( *[a-z-]+:(?: .*)?)$/gm, '  $1');
}

/** What the whole catalogue asks for in services-configuration.yaml; the release of Hadoop is a fake in the configuration folder. */
export const CATALOGUE_SETTINGS = {
  hadoop: { 'custom-hadoop-binary-path': 'fake.tar.gz' },
  restserver: {
    'jwt-secret': 'secret-of-tokens',
    'default-pai-admin-username': 'admin',
    'default-pai-admin-password': 'secret-of-admin',
  },
} as const;
