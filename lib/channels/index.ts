import type { Channel, ChannelSettings, Style } from './port.ts';

/** Opens a channel in this thread. What a kind needs is loaded with the first channel of that kind. */
export async function openChannel(settings: ChannelSettings, style: Style): Promise<Channel> {
  switch (settings.kind) {
    case 'webhook':
      return (await import('./webhook.ts')).openWebhook(settings);
    case 'slack':
      return (await import('./slack.ts')).openSlack(settings, style);
    case 'email':
      return (await import('./email.ts')).openEmail(settings, style);
  }
}
