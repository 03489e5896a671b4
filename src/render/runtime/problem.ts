/** What Python would raise, or what is not supported; the compiled template adds where. */
export class Problem extends Error {}

/** Fails as Python does. */
export function fail(message: string): never {
  throw new Problem(message);
}

/** Fails where Python would not: its output can't be given. */
export function unsupported(what: string): never {
  throw new Problem(`${what} is not supported`);
}

/** A template that is not there; the driver tells it with the nearest names. */
export class TemplateNotFound extends Error {
  readonly template: string;
  /** `templates/a.yaml:1:2`: who asked for it. */
  where: string | undefined;

  constructor(template: string) {
    super(`template not found: ${template}`);
    this.template = template;
  }
}
