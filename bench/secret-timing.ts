/**
 * `npm run bench:secrets`: whether the time that a wrong credential takes says how near it came. Times guesses that
 * agree with the secret in all but the last character against guesses that agree in none, in random order, and compares
 * the two by Welch's t. Exits with 1 where they can be told apart (|t| of 4.5 or more), or where a comparison that leaks
 * by design cannot, which would mean that the measurement sees nothing.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { secretCheck } from '../src/access/secret.ts'
import { rememberSecrets } from '../src/access/secret-memory.ts'
import { openDirectory } from '../src/directory/directory.ts'

const timings = 20_000
const threshold = 4.5
/** Calls per timing: one alone is not much longer than the clock's grain. */
const calls = 8

/** Where results go, so that the optimiser cannot prove them unused. */
export let hole: unknown

let bits: Buffer = Buffer.alloc(0)
let nextBit = 0

const say = (line: string) => process.stdout.write(`${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
const directory = await openDirectory(join(folder, 'directory.db'))
try {
  const token = { name: 'a', scope: 'decide', tenant: null, expires: null, created: 0 } as const
  const secret = (await directory.tokens.create(token)) as string
  const tokens = rememberSecrets((sent) => directory.tokens.find(sent))
  say(`${timings} timings of each kind, load ${loadavg()[0]?.toFixed(1)}`)
  const leak = await tOf(secret, leaking(secret))
  const held = [
    ['the secrets of the settings', await tOf(secret, secretCheck(secret))],
    ['tokens of the directory', await tOf(secret, (sent) => tokens.find(sent))],
  ] as const
  say(`a comparison that leaks: t = ${leak.toFixed(2)}`)
  for (const [what, t] of held) say(`${what}: t = ${t.toFixed(2)}`)
  process.exitCode = Math.abs(leak) >= threshold && held.every(([, t]) => Math.abs(t) < threshold) ? 0 : 1
} finally {
  await directory.close()
  rmSync(folder, { recursive: true })
}

/** What nobody should do: it ends at the first difference. */
function leaking(secret: string): (sent: string) => boolean {
  return (sent) => {
    for (let at = 0; at < secret.length; at++) if (sent.charCodeAt(at) !== secret.charCodeAt(at)) return false
    return sent.length === secret.length
  }
}

/** Welch's t of the times that far guesses and near ones take; above 0 where near ones take longer. */
async function tOf(secret: string, check: (sent: string) => unknown): Promise<number> {
  const near = guesses(secret, (random) => secret.slice(0, -1) + other(random, secret.at(-1) as string))
  const far = guesses(secret, (random) => [...secret].map((letter) => other(random, letter)).join(''))
  const kinds = [near, far] as const
  const times: readonly [number[], number[]] = [[], []]
  // The first tenth warms up, and is not counted.
  for (let round = -timings / 5; round < timings * 2; round++) {
    const kind = randomBit()
    const guess = kinds[kind][Math.abs(round) % near.length] as string
    const began = process.hrtime.bigint()
    for (let again = 0; again < calls; again++) hole = check(guess)
    const took = Number(process.hrtime.bigint() - began)
    if (round >= 0) times[kind].push(took)
    if (round % 1_000 === 0) await new Promise(setImmediate)
  }
  const [ofNear, ofFar] = times.map(withoutOutliers) as [readonly number[], readonly number[]]
  const [a, b] = [moments(ofNear), moments(ofFar)]
  return (a.mean - b.mean) / Math.sqrt(a.variance / ofNear.length + b.variance / ofFar.length)
}

/** Many of a kind, so that none is known to the processor's predictor. */
function guesses(secret: string, make: (random: number) => string): readonly string[] {
  return Array.from({ length: 512 }, () => make(randomBytes(1)[0] as number)).filter((guess) => guess !== secret)
}

function other(random: number, letter: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.replace(letter, '')
  return letters[random % letters.length] as string
}

function randomBit(): 0 | 1 {
  if (nextBit >= bits.length) {
    bits = randomBytes(4_096)
    nextBit = 0
  }
  return ((bits[nextBit++] as number) & 1) as 0 | 1
}

/** Without the longest twentieth, which are of the machine: interrupts and collections. */
function withoutOutliers(times: readonly number[]): readonly number[] {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted.slice(0, Math.floor(sorted.length * 0.95))
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance }
}
