import type { DomainEvent } from '../journal/events.ts';

export const retentionEvents = {
  restored: {
    type: 'daemon_started',
    incarnation: 2,
    version: '1.0.0',
    restored: { backup_id: 'backup_1', head_seq: 7 },
  },
  pruned: {
    type: 'sessions_pruned',
    session_ids: ['s'],
    run_count: 1,
    event_count: 5,
    floor: 9,
    days: {
      '2026-11-22': {
        spent: { tokens: 3, usd_micros: 1 },
        reserved: { tokens: 0, usd_micros: 0 },
      },
    },
  },
} as const satisfies Record<string, DomainEvent>;
