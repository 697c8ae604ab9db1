/** AuthZEN's APIs by the member of the metadata that names each, as paths below the decision point. */
export const accessPaths = {
  access_evaluation_endpoint: '/access/v1/evaluation',
  access_evaluations_endpoint: '/access/v1/evaluations',
  search_subject_endpoint: '/access/v1/search/subject',
  search_resource_endpoint: '/access/v1/search/resource',
  search_action_endpoint: '/access/v1/search/action',
} as const

/**
 * The metadata of the decision point at `publicUrl` (https, without query, fragment or final slash), or of the one below
 * it that answers for a tenant. Its identifier is the URL that a caller starts from: what follows the well-known part
 * of the path comes behind the host again.
 */
export function renderMetadata(publicUrl: string, tenant: string | undefined): string {
  const url = tenant === undefined ? publicUrl : `${publicUrl}/t/${encodeURIComponent(tenant)}`
  const endpoints = Object.entries(accessPaths).map(([name, path]) => [name, `${url}${path}`])
  return JSON.stringify({ policy_decision_point: url, ...Object.fromEntries(endpoints) })
}
