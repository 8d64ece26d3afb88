import { flawsInGerman } from './looks.js'
import { everyStateIsReadable } from './readable.js'

describe('Every page in every state is readable for everybody, in German', () => {
  everyStateIsReadable('de', flawsInGerman)
})
