import { test } from 'node:test'
import { edited } from './mutant.ts'
import { PLANTED } from './planted.ts'
import { testPlanted } from './planted-run.ts'
import { PROJECT } from './service.ts'

test('each bug can still be planted, also those whose runs take long', async () => {
  for (const { edits } of PLANTED) for (const edit of edits) await edited(PROJECT, edit)
})

testPlanted(PLANTED.filter(({ isShort }) => isShort))
