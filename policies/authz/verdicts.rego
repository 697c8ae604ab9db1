package authz

# METADATA
# title: Verdicts
# description: |
#   What every rule of the permission's row says about one request, those behind the stage that decided included. An
#   explanation is made from it, never a decision. A rule that yields nothing has an empty list for its verdict, so that
#   those of the others are still there.
# entrypoint: true
verdicts := {
	"asker": asker,
	"membership": membership,
	"right": [reason | reason := right],
	"grants": [{"name": row.grant, "verdict": [answer | answer := granted_by]} | row.grant],
	"rules": [{"stage": stage, "rule": pair, "verdict": [answer | answer := verdict(pair)]} |
		some stage in ["membership", "gate", "relation", "shape", "target", "precondition", "capacity"]
		some pair in todo[stage]
	],
}
