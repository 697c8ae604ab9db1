# What Postern decides on `POST /v1/keys/{key}/uses`, as look-ups in OPA: a valid token, an active member, the role's cell.
package gateways

allow if {
	input.method == "POST"
	["", "v1", "keys", _, "uses"] = split(split(input.path, "?")[0], "/")
	startswith(input.authorization, "Bearer ")
	[valid, _, claims] := io.jwt.decode_verify(substring(input.authorization, 7, -1), data.tokens)
	valid
	member := data.members[claims.sub]
	member.status == "active"
	data.matrix[member.role]["api_key:use"]
}
