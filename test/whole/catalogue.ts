/** A service list with everything in it: entries that are commented out in service-list.yaml, without their `#`. Sentences stay comments. */
export function wholeCatalogue(list: string): string {
  return list.replace(/^ {2}# ( *[a-z-]+:(?: .*)?)$/gm, '  $1');
}
