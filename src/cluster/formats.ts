/** A kind of text: how to tell it, and how to say it after "must be". */
interface Format {
  readonly phrase: string;
  /** Regular expressions only: they can be compiled ahead with the schemas. */
  readonly test: RegExp;
}

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const group = '[0-9a-fA-F]{1,4}';
const lastTwo = `(?:${group}:${group}|${ipv4})`;
/** The forms of IPv6address in RFC 3986: whole, and with `::` before its last 5 to 0 groups and two more, one, none. */
const ipv6 = [
  `(?:${group}:){6}${lastTwo}`,
  `::(?:${group}:){5}${lastTwo}`,
  ...[4, 3, 2, 1, 0].map((after) => `${upTo(5 - after)}::(?:${group}:){${after}}${lastTwo}`),
  `${upTo(6)}::${group}`,
  `${upTo(7)}::`,
].join('|');
const address = `(?:${ipv4}|${ipv6})`;
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const pathComponent = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const registryHost = '[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?';

/** Up to so many groups of an IPv6 address. */
function upTo(groups: number): string {
  return `(?:(?:${group}:){0,${groups - 1}}${group})?`;
}

/** The formats that the schemas name. */
export const formats: Readonly<Record<string, Format>> = {
  text: { phrase: 'at least one character', test: /./s },
  'ip-address': { phrase: 'an IPv4 or IPv6 address', test: new RegExp(`^${address}$`) },
  'service-range': {
    // The API server takes ranges of at most 20 bits.
    phrase: 'a range such as 10.96.0.0/12 or fd00:96::/112, its prefix from 12 to 29 (IPv6: from 108 to 125)',
    test: new RegExp(`^(?:${ipv4}/(?:1[2-9]|2[0-9])|(?:${ipv6})/(?:10[89]|11[0-9]|12[0-5]))$`),
  },
  'pod-range': {
    phrase: 'an IPv4 range such as 10.244.0.0/16, its prefix from 8 to 28',
    test: new RegExp(`^${ipv4}/(?:[89]|1[0-9]|2[0-8])$`),
  },
  'host-name': {
    phrase: 'a host name: letters, digits, dots and hyphens, at most 63 characters',
    test: /^(?=.{1,63}$)[a-zA-Z0-9](?:-*[a-zA-Z0-9])*(?:\.[a-zA-Z0-9](?:-*[a-zA-Z0-9])*)*$/,
  },
  'host-address': {
    phrase: 'an IPv4 or IPv6 address or a DNS name',
    // The last label of a name is never a number, that of an address always is.
    test: new RegExp(`^(?:${address}|(?=.{1,253}$)(?:${dnsLabel}\\.)*(?![0-9]+$)${dnsLabel})$`),
  },
  'user-name': { phrase: 'a user name of the host', test: /^[a-zA-Z0-9_][a-zA-Z0-9_.@\\-]*\$?$/ },
  identifier: {
    phrase: 'a name of letters, digits, dots, hyphens and underscores',
    test: /^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$/,
  },
  'zookeeper-id': {
    phrase: 'a number from 1 to 255',
    test: /^(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9][0-9]?)$/,
  },
  'object-name': {
    phrase: 'a name of lower-case letters, digits, hyphens and dots',
    test: new RegExp(`^(?=.{1,253}$)${label}(\\.${label})*$`),
  },
  'file-inside': {
    phrase: 'a relative path of letters, digits, dots, hyphens and underscores, without ..',
    test: /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/,
  },
  'absolute-path': { phrase: 'an absolute path', test: /^\/[^\n]*$/ },
  'web-address': {
    phrase: 'an address such as https://host/path, without a user or password',
    test: /^https?:\/\/[^\s/@?#]+\/[^\s]*$/,
  },
  'queue-name': {
    phrase: 'the name of a queue: letters, digits, hyphens and underscores, and not root',
    test: /^(?!root$)[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?$/,
  },
  sha512: { phrase: 'a SHA-512 as 128 hex digits', test: /^[0-9a-fA-F]{128}$/ },
  registry: {
    phrase: '`public` or the registry as host[:port], without https://',
    test: new RegExp(`^${registryHost}$`),
  },
  'image-path': {
    phrase: 'a path in a registry: lower-case letters, digits, and . _ - / between them',
    test: new RegExp(`^${pathComponent}(/${pathComponent})*$`),
  },
  'image-prefix': {
    phrase: 'what stands before the last / in an image name: host[:port]/path',
    test: new RegExp(`^${registryHost}(/${pathComponent})*$`),
  },
  'apt-line': {
    phrase: 'a line of apt such as deb http://mirror/debian bookworm main, without a user or password',
    test: /^deb (?:\[[^\][\n]*\] )?(?:https?|file|copy):\/?\/?[^\s@]+ \S+(?: [^\s[\]]+)*$/,
  },
  'apt-package': {
    phrase: 'the name of a package, or name=version',
    test: /^[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9.+:~-]+)?$/,
  },
  // What begins with - would be an option of git.
  'git-address': {
    phrase: 'a repository as git clone takes it, without a password',
    test: /^(?!-)(?!https?:\/\/[^/]*:[^/]*@)[^\s]+$/,
  },
  'git-revision': { phrase: 'a commit, a tag or a branch', test: /^[A-Za-z0-9_][A-Za-z0-9_./+-]*$/ },
  image: {
    phrase: 'an image as registry/path:tag',
    test: new RegExp(
      `^(?:${registryHost}/)?${pathComponent}(?:/${pathComponent})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
    ),
  },
  'image-tag': {
    phrase: 'an image tag such as v1.20.2',
    test: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
  },
};
