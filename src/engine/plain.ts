/** What a plain fold may call: nothing that loops by itself, runs for long on a short text, or reaches out of the function. */
const CALLS = new Set(
  'if switch return typeof case Math.max Math.min Math.abs Math.round Math.floor Math.ceil Math.trunc Math.sign Number String Boolean'.split(
    ' ',
  ),
)

/**
 * Whether a function plainly ends: no loop, and no call but the few above. Such a fold needs no time limit, which costs a
 * thread each time. Cautious: a function that it can't tell of is watched.
 */
export function plainlyEnds(source: string): boolean {
  if (/\b(?:for|while|do|function|async|await|yield|new|import|eval|get|set)\b|[\w$)\]]\s*`/.test(source)) return false
  for (const [, called = ''] of source.matchAll(/([\w$.\])`'"]+)\s*(?:\?\.)?\s*\(/g))
    if (!CALLS.has(called)) return false
  return true
}
