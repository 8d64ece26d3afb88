import { ENVELOPED, type EnvelopedColumn } from '../../src/stores/sql/envelopes.js'
import { THINGS } from '../rotation/sealed-things.js'

// loaded before the command line, in its process: a feature that has a column of its own
;(ENVELOPED as EnvelopedColumn[]).push(THINGS)
