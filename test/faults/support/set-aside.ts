/**
 * What was set aside for having taken down a process that did nothing else. Whatever harm comes from outside, this is
 * nothing.
 */
export const SET_ASIDE = `
  select (select count(*) from import_rejections where reasons @> '[{"code": "ROW_POISONED"}]')
    + (select count(*) from imports where error like '%JOB_POISONED%')
    + (select count(*) from quarantined_records where code = 'RECORD_POISONED')
    + (select count(*) from sync_runs where error_code = 'JOB_POISONED')
    + (select count(*) from webhook_deliveries where error like 'JOB_POISONED%')
    + (select count(*) from dead_letters where code = 'JOB_POISONED') as count`;
