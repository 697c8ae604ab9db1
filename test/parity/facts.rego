# The fact catalogue of policies/README.md once more, written from that page alone: it hands the policy the whole request
# and the whole tenant document, and leaves nothing out because a permission does not read it. Only for tests.
package parity

# Decisions by case number; a case that the policy does not decide has none.
decisions[number] := decision if {
	some number, case in input.cases
	decision := data.authz.decision with input as facts(case)
}

# What the policy was given, by case number.
inputs[number] := facts(case) if some number, case in input.cases

facts(case) := object.union_n([
	{
		"request": request(case, properties(case)),
		"tenant": tenant(case.tenant),
		"items": items(case, properties(case)),
		"counts": counts(case.tenant),
		"entities": entities(case),
	},
	{"member": record(member) | some member in members(case.tenant); is_subject(case, member.user)},
	{"target": record(member) | some member in members(case.tenant); member.user == properties(case).user},
])

# ------------------------------------------------------------------------------------------------------- request

request(case, attributes) := {
	"subject": object.union_n([
		{"properties": {}},
		case.request.subject,
		{"service": case.request.subject.id | case.request.subject.type == "service"},
	]),
	"action": case.request.action,
	"resource": object.union(object.remove(case.request.resource, ["properties"]), {"properties": attributes}),
	"context": object.union(
		object.remove(context(case), ["session_issued_at"]),
		{name: instant(context(case)[name]) | some name in ["session_issued_at"]},
	),
}

context(case) := object.get(case.request, "context", {})

# `resource.id` stands for the property of the type's own name where the row takes it, but `-` and an empty one.
properties(case) := object.union(
	object.remove(sent_properties(case), [case.request.resource.type]),
	{case.request.resource.type: case.request.resource.id},
) if {
	not case.request.resource.id in {"-", ""}
	some field in data.model[case.tenant.system].permissions[case.request.action.name].takes
	field.part == "resource"
	field.name == case.request.resource.type
} else := sent_properties(case)

sent_properties(case) := object.get(case.request.resource, "properties", {})

is_subject(case, user) if {
	case.request.subject.type == "user"
	case.request.subject.id == user
}

# -------------------------------------------------------------------------------------------- tenant and records

tenant(document) := object.union(
	{"id": document.tenant, "settings": object.get(document, "settings", {})},
	object.filter(document, ["system", "plan", "api_keys", "projects", "custom_levels", "gallery_roles"]),
)

members(document) := object.get(document, "members", [])

record(member) := object.union_n([
	object.remove(member, ["exists", "sessions_valid_after"]),
	{"exists": true},
	{"sessions_valid_after": session_bound(member.sessions_valid_after) | member.sessions_valid_after},
])

session_bound(text) := instant(text) if instant(text)

# A text that no instant exceeds.
session_bound(text) := "never" if not instant(text)

state(member) := "active" if {
	object.get(member, "status", "active") == "active"
} else := "pending" if {
	member.status == "pending"
} else := "inactive"

counts(document) := object.union(
	states(members(document)),
	{"roles": {role: states([member | some member in members(document); member.role == role]) |
		some role in {member.role | some member in members(document)}
	}},
)

states(list) := {name: count([member | some member in list; state(member) == name]) |
	some name in {"pending", "active", "inactive"}
}

# --------------------------------------------------------------------------------------------------------- items

items(case, attributes) := {
	"invited": [invitee(case.tenant, object.get(attributes, "email", null))],
	"invites": [invitee(case.tenant, email_of(invite)) | some invite in list(object.get(attributes, "invites", null))],
	"key_holders": [object.filter(member, ["user", "role", "status", "api_keys"]) |
		some member in members(case.tenant)
		attributes.api_key in member.api_keys
	],
	"shares": [share |
		some share in object.get(case.tenant, "shares", [])
		is_grantee(case, share)
		concerns(case, attributes, share)
	],
	"owned": [object.filter(owner, ["path", "collection"]) |
		some owner in object.get(case.tenant, "owners", [])
		is_grantee(case, owner)
		concerns(case, attributes, owner)
	],
	"collections": collections(case, attributes),
	"group_exists": object.get(attributes, "group", null) in object.keys(object.get(case.tenant, "groups", {})),
	"project_exists": object.get(attributes, "project", null) in object.get(case.tenant, "projects", []),
	"gallery_access": [object.filter(entry, ["project", "folder", "role"]) |
		some entry in object.get(case.tenant, "gallery_access", [])
		is_subject(case, entry.user)
		is_project(attributes, entry.project)
	],
	"without_two_factor": [member.user |
		some member in members(case.tenant)
		state(member) == "active"
		object.get(member, "two_factor_enabled", false) == false
	],
}

list(value) := value if is_array(value)

list(value) := [] if not is_array(value)

email_of(invite) := object.get(invite, "email", null) if is_object(invite)

email_of(invite) := null if not is_object(invite)

invitee(document, email) := {"address": address(email), "taken": address(email) in addresses(document)} if {
	is_string(email)
} else := null

addresses(document) := {address(known) |
	some member in members(document)
	some known in [member.user, object.get(member, "email", member.user)]
}

address(written) := strings.replace_n(
	{letter: lower(letter) | some letter in split("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "")},
	regex.replace(written, `^[\s\v\x{85}\x{feff}\pZ]+|[\s\v\x{85}\x{feff}\pZ]+$`, ""),
)

# One of two names each: what carries both or neither is no entry.
is_grantee(case, entry) if {
	not entry.group
	is_subject(case, entry.user)
}

is_grantee(case, entry) if {
	not entry.user
	case.request.subject.type == "user"
	case.request.subject.id in case.tenant.groups[entry.group]
}

concerns(case, attributes, entry) if {
	not entry.collection
	some path in paths(case, attributes)
	is_at_or_above(entry.path, path)
}

concerns(case, attributes, entry) if {
	not entry.path
	names_collection(case, attributes, entry.collection)
}

names_collection(_, attributes, collection) if attributes.collection == collection

names_collection(case, attributes, collection) if collections(case, attributes)[collection]

collections(case, attributes) := {collection: held |
	some collection, assets in object.get(case.tenant, "collection_assets", {})
	held := [asset | some asset in assets; is_above_some(asset, paths(case, attributes))]
	count(held) > 0
}

paths(case, attributes) := {path |
	some path in [
		object.get(attributes, "path", null),
		object.get(context(case), "destination", null),
		object.get(context(case), "asset_path", null),
	]
	is_string(path)
}

is_above_some(folder, named) if {
	some path in named
	is_at_or_above(folder, path)
}

is_at_or_above(path, path)

is_at_or_above("/", _)

is_at_or_above(folder, path) if {
	folder != ""
	startswith(path, concat("", [folder, "/"]))
}

is_project(attributes, project) if attributes.project == project

is_project(attributes, _) if not is_named(object.get(attributes, "project", null))

is_named(value) if {
	is_string(value)
	address(value) != ""
}

entities(case) := {type: found |
	some type in {case.request.subject.type, case.request.resource.type}
	found := {id: case.tenant.entities[type][id] |
		some one in [case.request.subject, case.request.resource]
		one.type == type
		id := one.id
	}
	count(found) > 0
}

# --------------------------------------------------------------------------------------------------------- times

# RFC 3339 as UTC milliseconds. OPA's own clock knows some 580 years, and the calendar repeats after 400: the year is
# moved by whole repetitions and back.
instant(written) := normalised if {
	is_string(written)
	pattern := `^(\d{4})(-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-](?:[01]\d|2[0-3]):[0-5]\d))$`
	[_, digits, day, clock, fraction, offset] := regex.find_all_string_submatch_n(pattern, written, 1)[0]
	year := to_number(concat("", ["1", digits])) - 10000
	moved := 1800 + ((year + 200) % 400)
	ns := time.parse_rfc3339_ns(concat("", [format_int(moved, 10), day, "T", clock, zone(offset)]))
	[moved_year, month, date] := time.date(ns)
	in_year := (moved_year + year) - moved
	in_year >= 0
	in_year <= 9999
	[hour, minute, second] := time.clock(ns)
	thousandths := substring(concat("", [fraction, "000"]), 0, 3)
	normalised := sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%sZ", [in_year, month, date, hour, minute, second, thousandths])
}

zone("") := "Z"

zone(offset) := offset if offset != ""
