package systems.certification

default conditions["writable"] := "out_of_scope"

conditions["writable"] := "ok" if {
	status == "archived"
	role == "admin"
}

conditions["writable"] := "ok" if {
	status != "archived"
	role != "admin"
}

default conditions["soft"] := "out_of_scope"

conditions["soft"] := "ok" if input.request.action.properties.soft == true

# What the request says goes before what is stored.
status := input.request.resource.properties.status if {
	input.request.resource.properties.status
} else := input.entities.record[input.request.resource.id].status

role := input.request.subject.properties.role if {
	input.request.subject.properties.role
} else := input.member.role
