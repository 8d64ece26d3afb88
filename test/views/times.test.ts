import assert from 'node:assert/strict'
import { Renderer } from '../../views/renderer.js'

const NOW = Date.UTC(2026, 10, 21, 14, 5)
const MINUTE = 60_000

describe('Times in words', () => {
  const renderer = new Renderer({ templates: null, messages: {}, report: (error) => assert.fail(String(error)) })
  const at = (ms: number) => new Date(NOW + ms).toISOString()

  for (const [language, now, past, soon, ahead] of [
    ['en', 'just now', '11 minutes ago', 'in a moment', 'in 11 minutes'],
    ['de', 'gerade eben', 'vor 11 Minuten', 'in Kürze', 'in 11 Minuten'],
  ] as const)
    it(`what has happened is never ahead, whatever clock wrote it down; what will happen is: ${language}`, () => {
      const words = renderer.wordsFor({ language, now: NOW })
      assert.deepEqual(
        [-11, -0.5, 0, 0.5, 11].map((minutes) => words.ago(at(minutes * MINUTE))),
        [past, now, now, now, now],
      )
      assert.deepEqual(
        [0.5, 11].map((minutes) => words.until(at(minutes * MINUTE))),
        [soon, ahead],
      )
    })
})
