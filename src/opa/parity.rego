# What the policy decides on each of a list of inputs, for `opa eval`: the other evaluator that the bundle's WASM is
# compared with. It is no part of any bundle.
package postern_parity

decisions[number] := decision if {
	some number, each in input.inputs
	decision := data.authz.decision with input as each
}
