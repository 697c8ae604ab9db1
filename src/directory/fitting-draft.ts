import { validateJson } from '../document/schema.ts'
import { PosternError } from '../pdp/errors.ts'
import { unstorable } from './storable.ts'
import type { TenantDraft } from './tenant-draft.ts'
import { tenantPartValidators } from './tenant-schema.ts'

/**
 * A draft that takes only what a tenant document may hold, so that no action stores what an import would refuse: a policy
 * says nothing about attributes that it does not read. Its methods throw `missing_attribute`, for a wrong type is as good
 * as none, and `not_well_formed`.
 */
export function fittingDrafts(): (draft: TenantDraft) => TenantDraft {
  const validators = tenantPartValidators()
  const verify = (part: string, value: unknown) => {
    const validator = validators.get(part)
    const [first] = validator === undefined ? [] : validateJson(value, validator)
    if (first !== undefined)
      throw new PosternError('missing_attribute', `\`${part}${first.pointer}\` would not fit: ${first.message}`)
    if (unstorable(value).length > 0)
      throw new PosternError('not_well_formed', `a text to be stored in \`${part}\` holds U+0000 or a lone surrogate`)
  }
  return (draft) => ({
    ...draft,
    setSettings(settings) {
      verify('settings', settings)
      draft.setSettings(settings)
    },
    async putMember(record) {
      verify('members', record)
      await draft.putMember(record)
    },
    async setList(name, elements) {
      for (const element of elements) verify(name, element)
      await draft.setList(name, elements)
    },
    async add(name, element) {
      verify(name, element)
      await draft.add(name, element)
    },
  })
}
