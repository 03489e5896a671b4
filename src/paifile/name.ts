/** The file that declares a project; the folder that has one is the project's. */
export const PAIFILE = 'paifile.ts';
