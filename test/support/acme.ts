// The tenant of the tiny project's system, and questions about it.

export const house = {
  tenant: 'house',
  system: 'acme',
  plan: 'large',
  projects: ['front', 'back'],
  members: [
    { user: 'olga', role: 'owner', two_factor_enabled: true, attributes: { colour: 'blue' } },
    { user: 'gus', role: 'guest', two_factor_enabled: true, attributes: {} },
  ],
}

interface Question {
  readonly subject?: unknown
  readonly door?: unknown
  readonly properties?: Readonly<Record<string, unknown>>
  readonly context?: Readonly<Record<string, unknown>>
  readonly tenant?: unknown
}

/** By default: may the owner open the front door. Yes. */
export function openDoor({
  subject = 'olga',
  door = 'front',
  properties = {},
  context,
  tenant = house,
}: Question = {}) {
  return {
    subject: { type: 'user', id: subject },
    action: { name: 'door:open' },
    resource: { type: 'door', id: '-', properties: { door, user: 'gus', ...properties } },
    ...(context === undefined ? {} : { context }),
    tenant,
  }
}

/** By default: may the guest close the door while the house is open. Yes, by a condition. */
export function closeDoor({ subject = 'gus', context = { open: true }, tenant = house }: Question = {}) {
  return {
    subject: { type: 'user', id: subject },
    action: { name: 'door:close' },
    resource: { type: 'door', id: '-' },
    context,
    tenant,
  }
}
