import { flawsOf } from './looks.js'
import { everyStateIsReadable } from './readable.js'

describe('Every page in every state is readable for everybody, wide and narrow, in the light and in the dark', () => {
  everyStateIsReadable('en', flawsOf)
})
