import { buildProject } from '../../src/app/project.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { project } from './policy.ts'

/** Builds the project's bundle before any test runs, so that tests in parallel find it up to date. */
export default async function setup(): Promise<void> {
  await buildProject(project, process.env, silentProgress)
}
