# METADATA
# title: Filestack
# description: What the YAML of config/systems/filestack cannot say.
package systems.filestack

import data.authz.shared

# A key that no longer exists counts nowhere.
assigned_keys := [key |
	some key in input.member.api_keys
	key in input.tenant.api_keys
]

target_keys := [key |
	some key in input.target.api_keys
	key in input.tenant.api_keys
]

# METADATA
# title: Condition of a developer's rights to use and to manage
# description: The request names a key, and it is assigned to the developer.
default conditions["assigned_key"] := "api_key_not_assigned"

conditions["assigned_key"] := "missing_field" if {
	not key_is_named
} else := "ok" if {
	input.request.resource.properties.api_key in assigned_keys
}

# METADATA
# title: Condition of a developer's rights to see
# description: A key that the request names is assigned to the developer; without one, the answer is to be filtered.
default conditions["assigned_key_or_list"] := "api_key_not_assigned"

conditions["assigned_key_or_list"] := "ok" if input.request.resource.properties.api_key in assigned_keys

conditions["assigned_key_or_list"] := "ok" if not key_is_named

key_is_named if shared.is_given(input.request.resource.properties.api_key)

# METADATA
# description: What a developer sees where no key is named.
obligations["filter_api_keys"] := [{"type": "filter_api_keys", "keys": assigned_keys} | not key_is_named]

# METADATA
# title: unknown_api_key
# description: The key exists in the account.
default checks["key_exists"] := "unknown_api_key"

checks["key_exists"] := "ok" if input.request.resource.properties.api_key in input.tenant.api_keys

# METADATA
# title: unknown_api_key
# description: The key exists in the account, if one is named.
default checks["named_key_exists"] := "unknown_api_key"

checks["named_key_exists"] := "ok" if checks.key_exists == "ok"

checks["named_key_exists"] := "ok" if not key_is_named

# METADATA
# title: missing_field
# description: The keys given are a list, if any are.
default checks["given_keys_are_a_list"] := "missing_field"

checks["given_keys_are_a_list"] := "ok" if is_array(input.request.resource.properties.api_keys)

checks["given_keys_are_a_list"] := "ok" if not keys_are_given

keys_are_given if shared.is_given(input.request.resource.properties.api_keys)

# METADATA
# title: unknown_api_key
# description: Every key of the list exists in the account.
default checks["given_keys_exist"] := "unknown_api_key"

checks["given_keys_exist"] := "ok" if every key in requested_keys {
	key in input.tenant.api_keys
}

# METADATA
# title: missing_field
# description: The same beside a role; beside `billing` keys are ignored, whatever they are.
default checks["named_keys_are_a_list"] := "missing_field"

checks["named_keys_are_a_list"] := "ok" if input.request.resource.properties.role == "billing"

checks["named_keys_are_a_list"] := "ok" if checks.given_keys_are_a_list == "ok"

# METADATA
# title: unknown_api_key
# description: The same beside a role; beside `billing` keys are ignored, whatever they are.
default checks["named_keys_exist"] := "unknown_api_key"

checks["named_keys_exist"] := "ok" if input.request.resource.properties.role == "billing"

checks["named_keys_exist"] := "ok" if checks.given_keys_exist == "ok"

default requested_keys := []

requested_keys := input.request.resource.properties.api_keys if {
	is_array(input.request.resource.properties.api_keys)
}

# METADATA
# title: api_key_required
# description: An invited developer is given a key at once.
default checks["invited_developer_has_key"] := "api_key_required"

checks["invited_developer_has_key"] := "ok" if input.request.resource.properties.role != "developer"

checks["invited_developer_has_key"] := "ok" if count(requested_keys) > 0

# METADATA
# title: api_key_required
# description: Who becomes a developer is given a key in the same request.
default checks["future_developer_has_key"] := "api_key_required"

checks["future_developer_has_key"] := "ok" if checks.invited_developer_has_key == "ok"

# METADATA
# title: api_key_required
# description: A developer who joins has a key.
default checks["invitee_has_key"] := "api_key_required"

checks["invitee_has_key"] := "ok" if input.member.role != "developer"

checks["invitee_has_key"] := "ok" if not input.member.role

checks["invitee_has_key"] := "ok" if count(assigned_keys) > 0

# METADATA
# title: api_key_required
# description: A developer who comes back has a key, or is given one.
default checks["reinstated_developer_has_key"] := "api_key_required"

checks["reinstated_developer_has_key"] := "ok" if input.target.role != "developer"

checks["reinstated_developer_has_key"] := "ok" if not input.target.role

checks["reinstated_developer_has_key"] := "ok" if count(target_keys) > 0

checks["reinstated_developer_has_key"] := "ok" if count(requested_keys) > 0

# METADATA
# title: target_role_mismatch
# description: Keys are assigned to developers alone.
default checks["target_is_developer"] := "target_role_mismatch"

checks["target_is_developer"] := "ok" if input.target.role == "developer"

# METADATA
# title: invalid_transition
# description: The key is not assigned to the target yet.
default checks["key_is_not_assigned_yet"] := "invalid_transition"

checks["key_is_not_assigned_yet"] := "ok" if not input.request.resource.properties.api_key in target_keys

# METADATA
# title: invalid_transition
# description: The key is assigned to the target.
default checks["key_is_assigned"] := "invalid_transition"

checks["key_is_assigned"] := "ok" if input.request.resource.properties.api_key in target_keys

# METADATA
# title: api_key_required
# description: A developer who is in, or invited, keeps at least one key.
default checks["another_key_remains"] := "api_key_required"

checks["another_key_remains"] := "ok" if shared.target_state == "inactive"

checks["another_key_remains"] := "ok" if {
	some key in target_keys
	key != input.request.resource.properties.api_key
}

# METADATA
# title: api_key_required
# description: No developer who is in, or invited, has this key as the only one.
default checks["nobody_loses_last_key"] := "api_key_required"

checks["nobody_loses_last_key"] := "ok" if {
	is_array(input.items.key_holders)
	count(bound_to_key) == 0
}

bound_to_key := [holder.user |
	some holder in input.items.key_holders
	holder.role == "developer"
	object.get(holder, "status", "active") in ["active", "pending"]
	every key in holder.api_keys {
		not _is_another_key(key)
	}
]

_is_another_key(key) if {
	key != input.request.resource.properties.api_key
	key in input.tenant.api_keys
}
