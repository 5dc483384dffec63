import { arrival, defineFeed, env, github, header, http, json, serial, Type, text } from 'groundstation'

export default defineFeed({
  name: 'github',
  source: http({
    path: '/github',
    signature: github({ secrets: env('GITHUB_WEBHOOK_SECRETS', '') }),
    idempotencyKey: 'X-GitHub-Delivery',
  }),
  // What is looked at; the rest, which differs by kind of delivery, is kept as it came.
  event: Type.Object({
    action: Type.Optional(Type.String()),
    repository: Type.Optional(Type.Object({ full_name: Type.String() })),
    sender: Type.Optional(Type.Object({ login: Type.String() })),
  }),
  // A delivery's name is in its header alone, so the delivery is what an event is told by.
  identity: { position: true },
  tables: {
    github_deliveries: {
      path: '/github/deliveries',
      key: ['id'],
      columns: {
        id: serial(),
        arrived: arrival(),
        delivery: header('X-GitHub-Delivery'),
        event: header('X-GitHub-Event'),
        repository: text('repository.full_name'),
        action: text('action'),
        sender: text('sender.login'),
        body: json(''),
      },
    },
  },
})
