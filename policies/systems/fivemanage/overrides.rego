# METADATA
# title: Fivemanage
# description: What the YAML of config/systems/fivemanage cannot say.
package systems.fivemanage

import data.authz

# METADATA
# title: A member's own switches
# description: |
#   An override adds a permission that the member's role lacks, or takes away one that it has. It counts only for the
#   role it was made for, and never for an owner. One that says what the role says anyway changes nothing.
default grants["override"] := "override_denied"

grants["override"] := _override(input.request.action.name)

# METADATA
# title: The switch of searching logs
# description: A search shows log lines, so that it needs the right to read them too, wherever that comes from.
default grants["override_of_log_search"] := "no_permission"

grants["override_of_log_search"] := _override("log:search") if {
	_holds_apart("log:read")
} else := "override_denied" if {
	_override("log:search") == "override_denied"
} else := "override_denied" if {
	_holds_apart("log:search")
	_override("log:read") == "override_denied"
}

# What the override of a permission makes of the role's right to it: `role` where it changes nothing.
_override(permission) := "override_grant" if {
	_effect(permission) == "allow"
	not _is_default(permission)
} else := "override_denied" if {
	_effect(permission) == "deny"
	_is_default(permission)
} else := "role"

_effect(permission) := input.member.overrides.grants[permission] if {
	input.member.overrides.for_role == input.member.role
	input.member.role != "owner"
}

_is_default(permission) if authz.model.permissions[permission].cells[input.member.role]

# The right to a permission, but for what another permission has to do with it.
_holds_apart(permission) if _override(permission) == "override_grant"

_holds_apart(permission) if {
	_override(permission) == "role"
	_is_default(permission)
}

_holds(permission) if {
	permission != "log:search"
	_holds_apart(permission)
}

_holds("log:search") if {
	_holds_apart("log:search")
	_holds_apart("log:read")
}

# METADATA
# title: missing_field
# description: A switch is set to `allow` or `deny`, or back to the role's `default`.
default checks["effect_is_known"] := "missing_field"

checks["effect_is_known"] := "ok" if input.request.resource.properties.effect in {"allow", "deny", "default"}

# METADATA
# title: not_overridable
# description: The permission has a switch, that is a line under `grants` in matrix.yaml.
default checks["permission_is_overridable"] := "not_overridable"

checks["permission_is_overridable"] := "ok" if {
	authz.model.permissions[input.request.resource.properties.permission].grant
}

# METADATA
# title: cannot_grant_unheld
# description: |
#   Nobody gives what they do not hold at this moment. Going back to a default that grants is giving too; otherwise who
#   lost a right could hand it on.
default checks["granted_permission_is_held"] := "cannot_grant_unheld"

checks["granted_permission_is_held"] := "ok" if _holds(input.request.resource.properties.permission)

checks["granted_permission_is_held"] := "ok" if input.request.resource.properties.effect == "deny"

checks["granted_permission_is_held"] := "ok" if {
	input.request.resource.properties.effect == "default"
	not target_default
}

target_default if {
	authz.model.permissions[input.request.resource.properties.permission].cells[input.target.role]
}
