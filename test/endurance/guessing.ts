import { addRow } from '../support/endurance.js'
import { guessing } from '../limits/guessing.js'

const NETWORKS = 8
const WORDS_EACH = 1_250

const { guesses, verified, allowed, seconds, owner } = await guessing(NETWORKS, WORDS_EACH, 250)
addRow({
  promise: 'of guesses at one account (hydra) no more are verified than the waits allow',
  tried: guesses,
  broken: Math.max(0, verified - allowed),
  figures: `${verified} verified in ${seconds.toFixed(0)} s, from ${NETWORKS} networks`,
})
addRow({
  promise: 'the owner on a known device signs in meanwhile',
  tried: owner.ms.length,
  broken: owner.refused.length,
  figures: `median ${owner.ms[owner.ms.length >> 1]!.toFixed(0)} ms, ${owner.ms.at(-1)!.toFixed(0)} ms at most`,
})
