import { fileURLToPath } from 'node:url'

/** The repository. This module runs as `dist/bench/paths.js`, hence two folders up. */
export const repository = fileURLToPath(new URL('../../', import.meta.url))
