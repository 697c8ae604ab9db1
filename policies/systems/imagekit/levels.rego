# METADATA
# title: ImageKit
# description: What the YAML of config/systems/imagekit cannot say.
package systems.imagekit

import data.authz.shared

# The levels of a share, and what they are worth beside one another.
ranks := {"can_view": 1, "can_contribute": 2, "can_manage": 3}

# What the request names, and the restricted member's level on it: 0 where nothing reaches it. A thing that is not
# named by a text has no level at all, which the conditions below answer with `missing_field`.
path_level := _level_on_path(input.request.resource.properties.path)

destination_level := _level_on_path(input.request.context.destination)

asset_level := _level_on_path(input.request.context.asset_path)

collection_level := _level_on_collection(input.request.resource.properties.collection) if {
	shared.is_kind("text", input.request.resource.properties.collection)
}

# METADATA
# title: Conditions of the restricted role's rights
# description: |
#   The level of the member on what the request names is high enough. Where two things are judged, both must be named
#   before either must be shared, and both must be shared before either level counts.
default conditions["can_view_path"] := "missing_field"

conditions["can_view_path"] := _verdict([[path_level, "can_view"]])

# METADATA
# description: The level on the path is at least to contribute.
default conditions["can_contribute_to_path"] := "missing_field"

conditions["can_contribute_to_path"] := _verdict([[path_level, "can_contribute"]])

# METADATA
# description: The level on the path is to manage.
default conditions["can_manage_path"] := "missing_field"

conditions["can_manage_path"] := _verdict([[path_level, "can_manage"]])

# METADATA
# description: Contributing to the path and to the destination.
default conditions["can_copy_path"] := "missing_field"

conditions["can_copy_path"] := _verdict([[path_level, "can_contribute"], [destination_level, "can_contribute"]])

# METADATA
# description: Managing the path, and contributing to the destination.
default conditions["can_move_path"] := "missing_field"

conditions["can_move_path"] := _verdict([[path_level, "can_manage"], [destination_level, "can_contribute"]])

# METADATA
# description: The level on the collection is at least to view.
default conditions["can_view_collection"] := "missing_field"

conditions["can_view_collection"] := _verdict([[collection_level, "can_view"]])

# METADATA
# description: Contributing to the collection and to the path of the asset.
default conditions["can_add_to_collection"] := "missing_field"

conditions["can_add_to_collection"] := _verdict([[collection_level, "can_contribute"], [asset_level, "can_contribute"]])

# METADATA
# description: The level on the collection is to manage.
default conditions["can_manage_collection"] := "missing_field"

conditions["can_manage_collection"] := _verdict([[collection_level, "can_manage"]])

# METADATA
# title: Condition of the restricted role's lists
# description: A list names nothing that could be shared. A restricted member may ask for one; the answer is filtered.
default conditions["sees_what_is_shared"] := "not_shared"

conditions["sees_what_is_shared"] := "ok" if input.member.role == restricted_role

# METADATA
# description: The answer is to show only what is shared with the member.
obligations["filter_to_shared"] := [{"type": "filter_to_shared"}]

# Each pair is the level that the member has on a thing, and the name of the level that it takes.
_verdict(pairs) := "ok" if {
	every pair in pairs {
		pair[0] >= ranks[pair[1]]
	}
} else := "not_shared" if {
	some pair in pairs
	pair[0] == 0
} else := "permission_level_too_low"

# The highest of what reaches a path: a share or an ownership of it or of a folder above it, and seeing a collection
# that holds one of these. A share deeper down can raise the level, never lower it.
_level_on_path(path) := max((({0} | _shared_paths(path)) | (_owned_paths(path) | _collected_paths(path)))) if {
	shared.is_path(path)
} else := 0 if shared.is_kind("text", path)

_shared_paths(path) := {ranks[share.level] |
	some share in input.items.shares
	_reaches(share.path, path)
}

_owned_paths(path) := {ranks.can_manage |
	some owned in input.items.owned
	_reaches(owned.path, path)
}

_collected_paths(path) := {ranks.can_view |
	some collection, assets in input.items.collections
	some asset in assets
	_reaches(asset, path)
	_level_on_collection(collection) > 0
}

# The root cannot be shared with anybody, and nobody created it; a stored path that is malformed counts for nothing.
_reaches(folder, path) if {
	folder != "/"
	shared.covers(folder, path)
	shared.is_path(folder)
}

_level_on_collection(collection) := max((({0} | _shared_collections(collection)) | _owned_collections(collection)))

_shared_collections(collection) := {ranks[share.level] |
	some share in input.items.shares
	share.collection == collection
}

_owned_collections(collection) := {ranks.can_manage |
	some owned in input.items.owned
	owned.collection == collection
}
