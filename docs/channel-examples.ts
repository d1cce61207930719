import type { ChannelKind } from '../lib/channels/port.ts';

/** A table of each kind of channel, as somebody would write it; the tests read each. */
export const CHANNEL_EXAMPLES: Readonly<Record<ChannelKind, string>> = {
  log: `[[channel]]
name = "log"
kind = "log"
topics = ["order.held", "refund.due"]
`,
  webhook: `[[channel]]
name = "shop"
kind = "webhook"
url = "https://shop.example/hooks/reconciled"
secrets = [{ env = "SHOP_WEBHOOK_SECRET" }]
`,
  slack: `[[channel]]
name = "ops"
kind = "slack"
url = { env = "SLACK_WEBHOOK_URL" }
topics = ["order.held", "stock.low", "gateway.down", "gateway.up"]
`,
  email: `[[channel]]
name = "mail"
kind = "email"
host = "smtp.shop.example"
user = "reconciled"
password = { env = "SMTP_PASSWORD" }
from = "reconciled <no-reply@shop.example>"
to = ["ops@shop.example"]
topic_to = { "refund.due" = ["finance@shop.example"] }
`,
};
