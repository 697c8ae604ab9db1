import type { JsonObject, TenantDraft } from '../../src/directory/tenant-draft.ts'

type Document = Record<string, unknown> & { tenant: string; members: JsonObject[] }

/** A tenant document that effects may change, the plainest there is: what a store must come to as well. */
export function draftOf(document: Document): TenantDraft {
  const fold = (address: unknown) =>
    String(address)
      .trim()
      .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const { members } = document
  const listOf = (name: string) => (document[name] ?? []) as unknown[]
  return {
    id: document.tenant,
    plan: () => document.plan as string | undefined,
    setPlan(plan) {
      document.plan = plan
    },
    settings: () => (document.settings ?? {}) as JsonObject,
    setSettings(settings) {
      document.settings = settings
    },
    member: async (user) => members.find((record) => record.user === user),
    async putMember(record) {
      const index = members.findIndex(({ user }) => user === record.user)
      members.splice(index < 0 ? members.length : index, index < 0 ? 0 : 1, record)
    },
    async removeMember(user) {
      const index = members.findIndex((record) => record.user === user)
      if (index >= 0) members.splice(index, 1)
    },
    memberByAddress: async (address) =>
      members.find(({ user, email }) => [user, email].some((known) => fold(known) === fold(address))),
    membersWithKey: async (key) => members.filter(({ api_keys: keys }) => ((keys ?? []) as unknown[]).includes(key)),
    membersOfRole: async (role) => members.filter((record) => record.role === role),
    list: async (name) => [...listOf(name)],
    async setList(name, elements) {
      document[name] = [...elements]
    },
    async add(name, element) {
      document[name] = [...listOf(name), element]
    },
    async remove(name, matches) {
      const isMeant = (element: unknown) =>
        Object.entries(matches).every(([member, value]) => (element as JsonObject)[member] === value)
      const kept = listOf(name).filter((element) => !isMeant(element))
      const removed = listOf(name).length - kept.length
      document[name] = kept
      return removed
    },
    object: async (name) => (document[name] ?? {}) as JsonObject,
    async setObject(name, value) {
      document[name] = value
    },
  }
}
