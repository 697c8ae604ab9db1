package authz.shared

# METADATA
# title: unknown_project
# description: The project exists in the tenant, if the request names one.
default checks["named_project_exists"] := "unknown_project"

checks["named_project_exists"] := "ok" if not project_is_named

checks["named_project_exists"] := "ok" if input.items.project_exists

# METADATA
# description: The request names a project.
project_is_named if is_given(input.request.resource.properties.project)
