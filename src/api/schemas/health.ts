import { Type } from 'typebox'
import { jsonContent, problemContents } from './content.ts'

export const liveSchema = {
  operationId: 'live',
  tags: ['service'],
  summary: 'Whether the process is up',
  response: { 200: jsonContent('It is.', Type.Object({ status: Type.Literal('live') })) },
}

export const metricsSchema = {
  operationId: 'metrics',
  tags: ['service'],
  summary: 'Figures for Prometheus',
  response: { 200: { description: 'In its text format.', content: { 'text/plain': { schema: Type.String() } } } },
}

export const readySchema = {
  operationId: 'ready',
  tags: ['service'],
  summary: 'Whether events are taken and states are served',
  response: {
    200: jsonContent('They are.', Type.Object({ status: Type.Literal('ready') })),
    ...problemContents(),
  },
}
