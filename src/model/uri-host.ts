/** A host name or an address as URIs have it, also before a port: IPv6 addresses stand in brackets (RFC 3986, section 3.2.2). */
export function uriHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
