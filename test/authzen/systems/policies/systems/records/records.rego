package systems.records

default conditions["known"] := "out_of_scope"

conditions["known"] := "ok" if owner

default conditions["own"] := "out_of_scope"

conditions["own"] := "ok" if owner == input.request.subject.id

default conditions["own_or_department"] := "out_of_scope"

conditions["own_or_department"] := "ok" if owner == input.request.subject.id

conditions["own_or_department"] := "ok" if department == input.member.attributes.department

owner := input.entities.record[input.request.resource.id].owner

department := input.entities.record[input.request.resource.id].department
