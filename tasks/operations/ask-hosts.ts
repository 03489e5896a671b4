import { type Host, type OperationContext, PaiError } from 'pai';

/** What a host answered, or why it did not. */
export type Answer<Of = Host> = { readonly host: Of } & ({ readonly text: string } | { readonly problem: string });

/** Asks hosts the same question, all at the same time; what one of them says or does not say keeps none of the others from it. */
export async function askHosts(
  context: Pick<OperationContext, 'drivers'>,
  hosts: readonly Host[],
  script: string,
): Promise<readonly Answer[]> {
  return Promise.all(
    hosts.map(async (host) => {
      try {
        return { host, text: await context.drivers.hosts.ask(host.login, script) };
      } catch (error) {
        if (!(error instanceof PaiError)) throw error;
        return { host, problem: error.message };
      }
    }),
  );
}

/** A script of templates/host, as text. */
export async function questionOf(context: Pick<OperationContext, 'drivers'>, file: string): Promise<string> {
  return Buffer.from(await context.drivers.templates.read(`host/${file}`)).toString();
}
