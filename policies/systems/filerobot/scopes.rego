package systems.filerobot

import data.authz.shared

# A scope is `company` or a list of projects. One that is missing, or anything else, reaches no project.
is_company_wide if input.member.scope == "company"

# METADATA
# title: out_of_scope
# description: |
#   A user of the company reaches every project, others those of their list. A level that spans the company does not
#   fit a user of some projects: such a record reaches nothing, with or without a project.
default checks["scope_reaches_project"] := "out_of_scope"

checks["scope_reaches_project"] := "ok" if is_company_wide

checks["scope_reaches_project"] := "ok" if {
	own_level
	not own_level.company_only
	project_is_reached
}

project_is_reached if not shared.project_is_named

project_is_reached if input.request.resource.properties.project in input.member.scope

# METADATA
# title: Condition of what concerns all projects
# description: The manager is one of the whole company.
default conditions["company_scope"] := "out_of_scope"

conditions["company_scope"] := "ok" if is_company_wide

# METADATA
# title: missing_field
# description: The project to open is named.
default checks["project_is_named"] := "missing_field"

checks["project_is_named"] := "ok" if shared.project_is_named

# METADATA
# title: missing_field
# description: The scope asked for is the company, or a list of projects that is not empty.
default checks["scope_is_well_formed"] := "missing_field"

checks["scope_is_well_formed"] := "ok" if is_scope(input.request.resource.properties.scope)

is_scope("company")

is_scope(scope) if {
	is_array(scope)
	count(scope) > 0
}

# METADATA
# title: unknown_project
# description: Every project of the scope asked for exists.
default checks["scope_projects_exist"] := "unknown_project"

checks["scope_projects_exist"] := "ok" if projects_exist(input.request.resource.properties.scope)

projects_exist("company")

projects_exist(scope) if {
	is_array(scope)
	every project in scope {
		project in input.tenant.projects
	}
}

# METADATA
# title: scope_not_covered
# description: The target's scope lies within the subject's.
default checks["target_scope_is_covered"] := "scope_not_covered"

checks["target_scope_is_covered"] := "ok" if is_company_wide

checks["target_scope_is_covered"] := "ok" if lies_within_own_projects(input.target.scope)

# METADATA
# title: scope_not_covered
# description: The scope asked for lies within the subject's.
default checks["requested_scope_is_covered"] := "scope_not_covered"

checks["requested_scope_is_covered"] := "ok" if is_covered(input.request.resource.properties.scope)

is_covered(_) if is_company_wide

is_covered(scope) if lies_within_own_projects(scope)

# A scope without projects lies within nobody's, and an overlap is not enough.
lies_within_own_projects(scope) if {
	is_array(scope)
	count(scope) > 0
	every project in scope {
		project in input.member.scope
	}
}

# METADATA
# title: invalid_transition
# description: The scope asked for is not the one that the target has. The order of projects does not count.
default checks["scope_changes"] := "invalid_transition"

checks["scope_changes"] := "ok" if {
	input.request.resource.properties.scope == "company"
	not target_is_company_wide
}

checks["scope_changes"] := "ok" if {
	is_array(input.request.resource.properties.scope)
	{project | some project in input.request.resource.properties.scope} != target_projects
}

target_is_company_wide if input.target.scope == "company"

target_projects := {project |
	is_array(input.target.scope)
	some project in input.target.scope
}

# METADATA
# title: company_only_level
# description: The level and the scope of an invitation fit. A level that spans the company is not for some projects.
default checks["requested_level_fits_requested_scope"] := "company_only_level"

checks["requested_level_fits_requested_scope"] := "ok" if level_fits(
	input.request.resource.properties.level,
	input.request.resource.properties.scope,
)

level_fits(_, "company")

level_fits(id, _) if {
	known := level(id)
	not known.company_only
}

# METADATA
# title: company_only_level
# description: The level asked for fits the scope that the target has.
default checks["requested_level_fits_target_scope"] := "company_only_level"

checks["requested_level_fits_target_scope"] := "ok" if target_is_company_wide

checks["requested_level_fits_target_scope"] := "ok" if level_fits(input.request.resource.properties.level, [])

# METADATA
# title: company_only_level
# description: The scope asked for fits the level that the target has. One that nobody defined fits any.
default checks["target_level_fits_requested_scope"] := "company_only_level"

checks["target_level_fits_requested_scope"] := "ok" if input.request.resource.properties.scope == "company"

checks["target_level_fits_requested_scope"] := "ok" if not target_level_is_company_only

target_level_is_company_only if level(input.target.role).company_only
