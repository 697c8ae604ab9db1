package systems.imagekit_test

import data.systems.imagekit

# A request of a restricted member about one thing or two, and what reaches them.
asks(properties, context, items) := {
	"request": {"resource": {"properties": properties}, "context": context},
	"member": {"role": "media_library_restricted_access"},
	"items": items,
}

about_path(path, items) := asks({"path": path}, {}, items)

about_collection(collection, items) := asks({"collection": collection}, {}, items)

shares_of(level) := {"shares": [{"path": "/brand", "level": level}]}

test_path_takes_the_level_of_its_action if {
	verdicts := {name: [verdict |
		some level in ["can_view", "can_contribute", "can_manage"]
		verdict := imagekit.conditions[name] with input as about_path("/brand", shares_of(level))
	] |
		some name in ["can_view_path", "can_contribute_to_path", "can_manage_path"]
	}
	verdicts == {
		"can_view_path": ["ok", "ok", "ok"],
		"can_contribute_to_path": ["permission_level_too_low", "ok", "ok"],
		"can_manage_path": ["permission_level_too_low", "permission_level_too_low", "ok"],
	}
}

test_share_covers_what_lies_below_by_whole_segments if {
	items := shares_of("can_view")
	imagekit.conditions.can_view_path == "ok" with input as about_path("/brand/2026/a.png", items)
	imagekit.conditions.can_view_path == "not_shared" with input as about_path("/brandy", items)
	imagekit.conditions.can_view_path == "not_shared" with input as about_path("/Brand", items)
	imagekit.conditions.can_view_path == "not_shared" with input as about_path("/", items)
}

test_path_that_is_not_named_is_missing if {
	every name in ["can_view_path", "can_contribute_to_path", "can_manage_path"] {
		imagekit.conditions[name] == "missing_field" with input as asks({}, {}, shares_of("can_manage"))
		every path in [null, "", " ", 7, ["/brand"]] {
			imagekit.conditions[name] == "missing_field" with input as about_path(path, shares_of("can_manage"))
		}
	}
}

test_malformed_path_reaches_nothing if {
	every path in ["brand", "/brand/", "/brand//a", "/brand/./a", "/brand/../brand/a", "//"] {
		imagekit.conditions.can_view_path == "not_shared" with input as about_path(path, shares_of("can_manage"))
	}
}

test_stored_root_or_malformed_path_counts_for_nothing if {
	every folder in ["/", "", "brand", "/brand/", "/x/../brand"] {
		items := {
			"shares": [{"path": folder, "level": "can_manage"}],
			"owned": [{"path": folder}],
			"collections": {"summer": [folder]},
		}
		reached := object.union(items, {"shares": [
			{"path": folder, "level": "can_manage"},
			{"collection": "summer", "level": "can_manage"},
		]})
		imagekit.conditions.can_view_path == "not_shared" with input as about_path("/brand/a.png", reached)
		imagekit.conditions.can_view_path == "not_shared" with input as about_path("/", reached)
	}
}

test_undefined_level_counts_for_nothing if {
	every level in ["none", "CAN_VIEW", "can_everything", ""] {
		imagekit.conditions.can_view_path == "not_shared" with input as about_path("/brand", shares_of(level))
	}
}

test_deeper_share_raises_and_never_lowers if {
	raised := {"shares": [{"path": "/brand", "level": "can_view"}, {"path": "/brand/a", "level": "can_manage"}]}
	lowered := {"shares": [{"path": "/brand", "level": "can_manage"}, {"path": "/brand/a", "level": "can_view"}]}
	imagekit.conditions.can_manage_path == "ok" with input as about_path("/brand/a/b", raised)
	imagekit.conditions.can_manage_path == "permission_level_too_low" with input as about_path("/brand/c", raised)
	imagekit.conditions.can_manage_path == "ok" with input as about_path("/brand/a/b", lowered)
}

test_owner_of_a_folder_manages_what_is_in_it if {
	items := {"owned": [{"path": "/mine"}]}
	imagekit.conditions.can_manage_path == "ok" with input as about_path("/mine/a.png", items)
	imagekit.conditions.can_manage_path == "not_shared" with input as about_path("/theirs/a.png", items)
}

test_collection_lets_its_assets_be_seen_and_no_more if {
	collections := {"summer": ["/x"], "winter": ["/y"]}
	shared := {"collections": collections, "shares": [{"collection": "summer", "level": "can_manage"}]}
	owned := {"collections": collections, "owned": [{"collection": "summer"}]}
	every items in [shared, owned] {
		imagekit.conditions.can_view_path == "ok" with input as about_path("/x/a.png", items)
		imagekit.conditions.can_contribute_to_path == "permission_level_too_low" with input as about_path("/x/a.png", items)
		imagekit.conditions.can_view_path == "not_shared" with input as about_path("/y/a.png", items)
	}
}

test_collection_takes_the_level_of_its_action if {
	verdicts := {name: [verdict |
		some level in ["can_view", "can_manage"]
		items := {"shares": [{"collection": "summer", "level": level}]}
		verdict := imagekit.conditions[name] with input as about_collection("summer", items)
	] |
		some name in ["can_view_collection", "can_manage_collection"]
	}
	verdicts == {
		"can_view_collection": ["ok", "ok"],
		"can_manage_collection": ["permission_level_too_low", "ok"],
	}
}

test_owner_of_a_collection_manages_it if {
	items := {"owned": [{"collection": "summer"}]}
	imagekit.conditions.can_manage_collection == "ok" with input as about_collection("summer", items)
	imagekit.conditions.can_manage_collection == "not_shared" with input as about_collection("winter", items)
}

test_collection_that_is_not_named_is_missing if {
	items := {"owned": [{"collection": "summer"}]}
	every name in ["can_view_collection", "can_manage_collection", "can_add_to_collection"] {
		imagekit.conditions[name] == "missing_field" with input as asks({}, {"asset_path": "/a"}, items)
		every collection in [null, "", " ", 7, ["summer"]] {
			asked := asks({"collection": collection}, {"asset_path": "/a"}, items)
			imagekit.conditions[name] == "missing_field" with input as asked
		}
	}
}

test_moving_and_copying_need_both_ends if {
	items := {"shares": [
		{"path": "/view", "level": "can_view"},
		{"path": "/contribute", "level": "can_contribute"},
		{"path": "/manage", "level": "can_manage"},
	]}
	verdicts := [[from, to, copied, moved] |
		some [from, to] in [
			["/manage/a", "/contribute"],
			["/contribute/a", "/contribute"],
			["/view/a", "/contribute"],
			["/manage/a", "/view"],
			["/manage/a", "/other"],
			["/other", "/view"],
			["/other", "/"],
			["/manage/a", "/manage/../contribute"],
			["/other", null],
			[null, "/other"],
		]
		asked := asks({"path": from}, {"destination": to}, items)
		copied := imagekit.conditions.can_copy_path with input as asked
		moved := imagekit.conditions.can_move_path with input as asked
	]
	verdicts == [
		["/manage/a", "/contribute", "ok", "ok"],
		["/contribute/a", "/contribute", "ok", "permission_level_too_low"],
		["/view/a", "/contribute", "permission_level_too_low", "permission_level_too_low"],
		["/manage/a", "/view", "permission_level_too_low", "permission_level_too_low"],
		["/manage/a", "/other", "not_shared", "not_shared"],
		["/other", "/view", "not_shared", "not_shared"],
		["/other", "/", "not_shared", "not_shared"],
		["/manage/a", "/manage/../contribute", "not_shared", "not_shared"],
		["/other", null, "missing_field", "missing_field"],
		[null, "/other", "missing_field", "missing_field"],
	]
}

test_adding_needs_the_collection_and_the_asset if {
	items := {"shares": [
		{"collection": "summer", "level": "can_contribute"},
		{"collection": "winter", "level": "can_view"},
		{"path": "/mine", "level": "can_contribute"},
		{"path": "/seen", "level": "can_view"},
	]}
	verdicts := [[collection, asset, verdict] |
		some [collection, asset] in [
			["summer", "/mine/a"],
			["winter", "/mine/a"],
			["summer", "/seen/a"],
			["summer", "/other"],
			["autumn", "/seen/a"],
			["autumn", ""],
		]
		asked := asks({"collection": collection}, {"asset_path": asset}, items)
		verdict := imagekit.conditions.can_add_to_collection with input as asked
	]
	verdicts == [
		["summer", "/mine/a", "ok"],
		["winter", "/mine/a", "permission_level_too_low"],
		["summer", "/seen/a", "permission_level_too_low"],
		["summer", "/other", "not_shared"],
		["autumn", "/seen/a", "not_shared"],
		["autumn", "", "missing_field"],
	]
}

test_nothing_is_shared_where_the_facts_are_missing if {
	path := {"request": {"resource": {"properties": {"path": "/a"}}}}
	collection := {"request": {"resource": {"properties": {"collection": "summer"}}}}
	imagekit.conditions.can_view_path == "not_shared" with input as path
	imagekit.conditions.can_view_collection == "not_shared" with input as collection
}

test_restricted_member_asks_for_a_list if {
	imagekit.conditions.sees_what_is_shared == "ok" with input as asks({}, {}, {})
	imagekit.conditions.sees_what_is_shared == "not_shared" with input as {"member": {"role": "finance"}}
	imagekit.conditions.sees_what_is_shared == "not_shared" with input as {}
	imagekit.obligations.filter_to_shared == [{"type": "filter_to_shared"}]
}
