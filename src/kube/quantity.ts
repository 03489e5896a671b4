const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a quantity of Kubernetes is: `500m` is 0.5, `1Ki` is 1024. Undefined for what is none.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string): number | undefined {
  const [, digits, exponent = '', suffix = ''] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return Number(`${digits}${exponent}`) * (FACTORS[suffix] ?? 1);
}

/** A number of bytes as people write it, rounded down: `7.5Gi`. */
export function bytesText(bytes: number): string {
  const [unit, size] = (['Ti', 'Gi', 'Mi', 'Ki'] as const)
    .map((name) => [name, FACTORS[name] ?? 1] as const)
    .find(([, factor]) => bytes >= factor) ?? ['', 1];
  return `${Math.floor((bytes / size) * 10) / 10}${unit}`;
}
