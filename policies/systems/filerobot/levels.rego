# METADATA
# title: Filerobot
# description: What the YAML of config/systems/filerobot cannot say.
package systems.filerobot

import data.authz

# What roles.yaml says of a level: of a standard one, or of the kind of one that the company made. A level of the
# company with the id of a standard one is never used, and neither is one of a kind that nobody defined.
level(id) := authz.model.roles[id] if {
	authz.model.roles[id]
} else := [kind |
	some custom in input.tenant.custom_levels
	custom.id == id
	kind := authz.model.custom_roles[custom.kind]
][0]

own_level := level(input.member.role)

own_level_is_standard if authz.model.roles[input.member.role]

# METADATA
# title: Who holds a page
# description: A user of a level that the company made holds the pages on its list, as far as its kind may hold them.
default grants["level_page"] := "no_permission"

grants["level_page"] := "role" if {
	own_level_is_standard
} else := "custom_level_grant" if {
	some custom in input.tenant.custom_levels
	custom.id == input.member.role
	input.request.action.name in custom.pages
	kind_may_hold(custom.kind, input.request.action.name)
}

# METADATA
# title: Who opens projects
# description: Every level that the company made does, within the user's scope.
default grants["level_project"] := "no_permission"

grants["level_project"] := "role" if {
	own_level_is_standard
} else := "custom_level_grant" if {
	own_level
}

# Pages about the company as a whole, which levels of projects never hold, even where one was stored with them.
company_pages := {"settings_company:access", "settings_billing:access"}

kind_may_hold("company", _)

kind_may_hold("project", page) if not page in company_pages

# METADATA
# title: unknown_level
# description: The level asked for can be given. It is a standard one, or one that the company made and can use.
default checks["level_is_known"] := "unknown_level"

checks["level_is_known"] := "ok" if level(input.request.resource.properties.level)

# METADATA
# title: missing_field
# description: A level is of the company or of projects.
default checks["kind_is_listed"] := "missing_field"

checks["kind_is_listed"] := "ok" if authz.model.custom_roles[input.request.resource.properties.kind]

# METADATA
# title: unknown_page
# description: Every page of the list is one that a level can hold, by matrix.yaml.
default checks["pages_are_known"] := "unknown_page"

checks["pages_are_known"] := "ok" if every page in input.request.resource.properties.pages {
	authz.model.permissions[page].grant == "level_page"
}

# METADATA
# title: unknown_level
# description: The company made this level, whether it can use it or not. Standard levels are not changed.
default checks["custom_level_is_known"] := "unknown_level"

checks["custom_level_is_known"] := "ok" if input.request.resource.properties.id in custom_level_ids

custom_level_ids := [custom.id | some custom in input.tenant.custom_levels]

# METADATA
# title: level_id_taken
# description: No level has this id yet, standard or not.
default checks["level_id_is_free"] := "level_id_taken"

checks["level_id_is_free"] := "ok" if {
	id := input.request.resource.properties.id
	not authz.model.roles[id]
	not id in custom_level_ids
}

# METADATA
# title: company_page_not_allowed
# description: Only a new level of the company may hold the company's pages.
default checks["requested_kind_may_hold_pages"] := "company_page_not_allowed"

checks["requested_kind_may_hold_pages"] := "ok" if input.request.resource.properties.kind == "company"

checks["requested_kind_may_hold_pages"] := "ok" if no_company_page_is_requested

# METADATA
# title: company_page_not_allowed
# description: The same of the level that is changed, by the kind it has.
default checks["stored_kind_may_hold_pages"] := "company_page_not_allowed"

checks["stored_kind_may_hold_pages"] := "ok" if "company" in [custom.kind |
	some custom in input.tenant.custom_levels
	custom.id == input.request.resource.properties.id
]

checks["stored_kind_may_hold_pages"] := "ok" if no_company_page_is_requested

no_company_page_is_requested if every page in input.request.resource.properties.pages {
	not page in company_pages
}

# METADATA
# title: level_in_use
# description: |
#   No member has the level, in whatever status. Who is stored with the id of a standard level has the standard one.
default checks["custom_level_is_unused"] := "level_in_use"

checks["custom_level_is_unused"] := "ok" if authz.model.roles[input.request.resource.properties.id]

checks["custom_level_is_unused"] := "ok" if {
	holders := object.get(input.counts.roles, input.request.resource.properties.id, {})
	sum([holder | some holder in holders]) == 0
}

custom_level_limit := 5

custom_level_count := count(custom_level_ids)

# METADATA
# title: custom_level_limit_reached
# description: A company makes five levels at most, of both kinds together.
default checks["custom_level_may_be_added"] := "custom_level_limit_reached"

checks["custom_level_may_be_added"] := "ok" if custom_level_count < custom_level_limit

# METADATA
# description: The levels of the company, as an answer shows them.
limits["custom_levels"] := {"name": "custom_levels", "limit": custom_level_limit, "used": custom_level_count}
