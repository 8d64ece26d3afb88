import { flawsInGerman } from '../browser/looks.js'
import { everyStateIsReadable } from '../browser/readable.js'

describe('Every page in every state is readable for everybody, in German', () => {
  everyStateIsReadable('de', flawsInGerman)
})
