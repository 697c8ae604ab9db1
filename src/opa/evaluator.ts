import { createRequire } from 'node:module'
import { LRUCache } from 'lru-cache'
import { PosternError } from '../pdp/errors.ts'
import type { Evaluation, Evaluator, Verdicts } from '../pdp/policy.ts'

/** What we use of the SDK's loaded policy. */
interface LoadedPolicy {
  readonly entrypoints: Readonly<Record<string, number>>
  readonly mem: WebAssembly.Memory
  readonly wasmInstance: WebAssembly.Instance
  /** Where the data document is, and where the heap above it begins. */
  readonly dataAddr: number
  readonly dataHeapPtr: number
  setData(data: ArrayBuffer): void
}

// The package's ESM side has the asynchronous loader alone; a discarded instance must be replaced within the request.
const { loadPolicySync } = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as {
  loadPolicySync(module: WebAssembly.Module, memory: WebAssembly.MemoryDescriptor): LoadedPolicy
}

export interface EvaluatorOptions {
  readonly wasm: Uint8Array<ArrayBuffer>
  /** JSON text of the data document. */
  readonly data: string
  /** Maximum memory of one instance, in MiB. */
  readonly memoryMib: number
  readonly vocabulary: Vocabulary
  /** Told of each input without an evaluation; `thrown` where the instance threw, and was discarded. */
  readonly onFailure?: (kind: FailureKind, thrown?: unknown) => void
}

/** The module threw; it ran out of memory; the decision was undefined; its shape or its words were not those expected. */
export type FailureKind = 'trap' | 'memory' | 'undefined' | 'bad_result'

/** The words that a result may use: reasons to allow, reasons to refuse, obligation types. */
export interface Vocabulary {
  readonly allows: ReadonlySet<string>
  readonly refusals: ReadonlySet<string>
  readonly obligations: ReadonlySet<string>
}

export interface WasmEvaluator extends Evaluator {
  readonly memoryBytes: number
}

const pagesPerMib = 16
const initialPages = 32

/** Which results are kept, by their text: those that name no person recur, and they are short. */
const mostResults = 1024
const longestResult = 512

/**
 * Evaluates `authz/decision` and `authz/verdicts` of one bundle. New data means a new evaluator: an instance whose data
 * was replaced in part answers wrongly.
 *
 * INVARIANT: an instance that threw is never asked again. Each throw leaks its C stack frame, and after some hundreds
 * the instance refuses everything for good. A spare is made ahead, outside the request that needs it.
 *
 * Throws `PosternError` `undecidable` for an undefined or malformed result and `evaluation_failed` for a throw; throws
 * an `Error` when the bundle cannot be loaded or asks for a built-in that only a host could supply.
 */
export function createEvaluator(options: EvaluatorOptions): WasmEvaluator {
  const module = new WebAssembly.Module(options.wasm)
  const data = bytes(options.data)
  const create = (): LoadedPolicy => {
    const policy = loadPolicySync(module, { initial: initialPages, maximum: options.memoryMib * pagesPerMib })
    policy.setData(data)
    return policy
  }
  const missing = builtinsOf(module)
  if (missing.length > 0) throw new Error(`the policy needs built-ins that WASM does not have: ${missing.join(', ')}`)
  // Most evaluations end in one of a few texts; what was parsed and checked once need not be again.
  const results = new LRUCache<string, Evaluation>({ max: mostResults })
  let instance = create()
  const entrypoint = (name: string): number => {
    const found = instance.entrypoints[name]
    if (found === undefined) throw new Error(`the policy has no entrypoint \`${name}\``)
    return found
  }
  const decision = entrypoint('authz/decision')
  const verdicts = entrypoint('authz/verdicts')
  let spare: LoadedPolicy | undefined
  let refill: NodeJS.Immediate | undefined
  const keepSpare = () => {
    refill ??= setImmediate(() => {
      refill = undefined
      try {
        spare ??= create()
      } catch (thrown) {
        // No memory for one now: the next discard makes its own, or fails that one request.
        options.onFailure?.('memory', thrown)
      }
    })
    refill.unref()
  }
  keepSpare()

  const textOf = (entrypoint: number, input: string): string => {
    try {
      return callEval(instance, entrypoint, input)
    } catch (thrown) {
      instance = spare ?? create()
      spare = undefined
      keepSpare()
      options.onFailure?.(isOutOfMemory(thrown) ? 'memory' : 'trap', thrown)
      throw new PosternError('evaluation_failed', undefined, { cause: thrown })
    }
  }
  const malformed = (thrown?: unknown): PosternError => {
    options.onFailure?.('bad_result', thrown)
    return new PosternError('undecidable', 'the policy gave a malformed result')
  }
  /** What stands in `[{"result": …}]`; the list is empty where the entrypoint is undefined. */
  const resultIn = (text: string): unknown => {
    let raw: unknown
    try {
      raw = JSON.parse(text)
    } catch (thrown) {
      throw malformed(thrown)
    }
    const result = Array.isArray(raw) && raw.length === 1 ? (raw[0] as { result?: unknown }).result : undefined
    if (result === undefined) {
      options.onFailure?.('undefined')
      throw new PosternError('undecidable')
    }
    return result
  }

  return {
    evaluate(input) {
      const text = textOf(decision, input)
      const known = results.get(text)
      if (known !== undefined) return known
      const result = resultIn(text)
      if (!isEvaluation(result, options.vocabulary)) throw malformed()
      if (text.length <= longestResult) results.set(text, result)
      return result
    },
    // Its shape is that of policies/authz/verdicts.rego whatever the rules say: nothing is decided by it.
    verdicts: (input) => resultIn(textOf(verdicts, input)) as Verdicts,
    get memoryBytes() {
      return instance.mem.buffer.byteLength + (spare?.mem.buffer.byteLength ?? 0)
    },
  }
}

/** OPA's allocator aborts with a text; growing the memory past its maximum is a RangeError. */
function isOutOfMemory(thrown: unknown): boolean {
  return thrown instanceof RangeError || (typeof thrown === 'string' && thrown.includes('opa_malloc'))
}

const encoder = new TextEncoder()

function bytes(text: string): ArrayBuffer {
  const encoded = encoder.encode(text)
  const { buffer, byteLength } = encoded
  return buffer.byteLength === byteLength ? buffer : buffer.slice(0, byteLength)
}

type OpaEval = (
  reserved: number,
  entrypoint: number,
  data: number,
  input: number,
  inputLength: number,
  heap: number,
  format: number,
) => number

const pageBytes = 64 * 1024
const json = 0

/**
 * One call of `opa_eval` (ABI 1.2). The SDK's `evaluate` does the same, but looks for the end of the result byte by byte
 * in JavaScript, and copies the input twice: a fifth of a decision's time.
 */
function callEval(policy: LoadedPolicy, entrypoint: number, input: string): string {
  const { mem, dataHeapPtr } = policy
  const missing = dataHeapPtr + Buffer.byteLength(input) - mem.buffer.byteLength
  if (missing > 0) mem.grow(Math.ceil(missing / pageBytes))
  const length = viewOf(mem).write(input, dataHeapPtr)
  const opaEval = policy.wasmInstance.exports.opa_eval as OpaEval
  const result = opaEval(0, entrypoint, policy.dataAddr, dataHeapPtr, length, dataHeapPtr + length, json)
  // Evaluation may have grown the memory, which detaches the buffer from before.
  const memory = viewOf(mem)
  return memory.toString('utf8', result, memory.indexOf(0, result))
}

const views = new WeakMap<WebAssembly.Memory, Buffer>()

/** All of a memory. Made anew only after it has grown: making one costs more than the copy of an input. */
function viewOf(memory: WebAssembly.Memory): Buffer {
  const known = views.get(memory)
  if (known?.buffer === memory.buffer) return known
  const view = Buffer.from(memory.buffer)
  views.set(memory, view)
  return view
}

/** The built-ins that a module imports from its host; there are none to offer. */
function builtinsOf(module: WebAssembly.Module): string[] {
  const memory = new WebAssembly.Memory({ initial: initialPages })
  const refuse = () => {
    throw new Error('no host function may run while a module is inspected')
  }
  const names = [
    'opa_abort',
    'opa_println',
    'opa_builtin0',
    'opa_builtin1',
    'opa_builtin2',
    'opa_builtin3',
    'opa_builtin4',
  ]
  const env = { memory, ...Object.fromEntries(names.map((name) => [name, refuse])) }
  const { exports } = new WebAssembly.Instance(module, { env })
  const { builtins, opa_json_dump } = exports as unknown as {
    builtins(): number
    opa_json_dump(address: number): number
  }
  const start = opa_json_dump(builtins())
  const heap = Buffer.from(memory.buffer)
  return Object.keys(JSON.parse(heap.toString('utf8', start, heap.indexOf(0, start))))
}

/** Whether a result has the shape that policies/authz/decision.rego promises, in words that the model knows. */
function isEvaluation(result: unknown, known: Vocabulary): result is Evaluation {
  if (!isObject(result) || typeof result.decision !== 'boolean') return false
  if (typeof result.reason !== 'string') return false
  if (!(result.decision ? known.allows : known.refusals).has(result.reason)) return false
  if (!Array.isArray(result.obligations)) return false
  for (const obligation of result.obligations)
    if (!isObject(obligation) || typeof obligation.type !== 'string' || !known.obligations.has(obligation.type))
      return false
  if (result.decision) return true
  const { stage, check, limit } = result
  return (
    typeof stage === 'string' &&
    (check === null ||
      (Array.isArray(check) && check.length === 2 && check.every((part) => typeof part === 'string'))) &&
    (limit === null || isLimit(limit))
  )
}

function isLimit(limit: unknown): boolean {
  return (
    isObject(limit) &&
    typeof limit.name === 'string' &&
    (limit.limit === null || typeof limit.limit === 'number') &&
    typeof limit.used === 'number' &&
    (limit.plan === undefined || typeof limit.plan === 'string')
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
