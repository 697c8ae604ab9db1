package systems.filerobot

import data.authz.shared

# METADATA
# title: Who opens assets and folders
# description: |
#   A user with an entry for the project and for a folder that covers the path, whose gallery role lists the permission.
#   A project or a path that the request does not name narrows nothing: it is missed later, by those who hold any entry.
default grants["gallery_role"] := "no_permission"

grants["gallery_role"] := "gallery_role_grant" if {
	some entry in input.items.gallery_access
	input.request.action.name in input.tenant.gallery_roles[entry.role]
	is_for_project(entry.project)
	is_for_path(entry.folder)
}

is_for_project(project) if project == input.request.resource.properties.project

is_for_project(_) if not project_is_a_name

is_for_path(folder) if {
	shared.is_path(folder)
	shared.is_path(input.request.resource.properties.path)
	shared.covers(folder, input.request.resource.properties.path)
}

is_for_path(folder) if {
	not path_is_a_name
	shared.is_path(folder)
}

project_is_a_name if {
	is_string(input.request.resource.properties.project)
	shared.is_given(input.request.resource.properties.project)
}

path_is_a_name if {
	is_string(input.request.resource.properties.path)
	shared.is_given(input.request.resource.properties.path)
}

# METADATA
# title: missing_field
# description: The request names a project and a path.
default checks["project_and_path_are_named"] := "missing_field"

checks["project_and_path_are_named"] := "ok" if {
	project_is_a_name
	path_is_a_name
}
