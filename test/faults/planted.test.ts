import { PLANTED } from './planted.ts'
import { testPlanted } from './planted-run.ts'

testPlanted(PLANTED.filter(({ isShort }) => isShort))
