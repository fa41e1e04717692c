import { fileURLToPath } from 'node:url'

/** Where the repository lies, with a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url))
