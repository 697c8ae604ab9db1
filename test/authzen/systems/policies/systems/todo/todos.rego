package systems.todo

default conditions["own_todo"] := "out_of_scope"

conditions["own_todo"] := "ok" if input.request.resource.properties.ownerID == input.member.email
