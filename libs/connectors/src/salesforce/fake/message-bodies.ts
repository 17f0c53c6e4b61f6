import type { SObjectType } from './field-definitions.js';
import type { FakeChange, FakeRecord } from './sobject-table.js';

/** That a record changed, to be told with what the record is when it is told. */
export interface Notification {
  readonly id: string;
  readonly change: FakeChange;
  readonly type: SObjectType;
  readonly recordId: string;
  readonly at: number;
}

/** An Outbound Message, with the records as they are now and not as they were. */
export function outboundXml(
  organizationId: string,
  notifications: readonly Notification[],
  find: (type: SObjectType, id: string) => FakeRecord | undefined,
): string {
  const items = notifications.map((one) => notificationXml(one, find(one.type, one.recordId)));
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organizationId}</OrganizationId>
   <ActionId>04k5g00000000fakeAAA</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://fake.my.salesforce.com/services/Soap/c/62.0/${organizationId}</EnterpriseUrl>
   <PartnerUrl>https://fake.my.salesforce.com/services/Soap/u/62.0/${organizationId}</PartnerUrl>
${items.join('\n')}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

function notificationXml({ id, type, recordId }: Notification, record: FakeRecord | undefined): string {
  const fields = Object.entries(record?.values ?? {})
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `     <sf:${name}>${escaped(String(value))}</sf:${name}>`);
  const stamp = record
    ? `<sf:SystemModstamp>${new Date(record.modifiedAt).toISOString()}</sf:SystemModstamp>`
    : '';
  return `   <Notification>
    <Id>${id}</Id>
    <sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>${recordId}</sf:Id>
     ${stamp}
${fields.join('\n')}
    </sObject>
   </Notification>`;
}

/** A Change Data Capture event in the envelope of a relay that names the organisation. */
export function changeEventJson(
  organizationId: string,
  { id, change, type, recordId, at }: Notification,
  sequenceNumber: number,
): object {
  return {
    organizationId,
    channel: `/data/${type}ChangeEvent`,
    data: {
      schema: 'fakeSchemaId',
      event: { replayId: Number(id.slice(5, 15)) },
      payload: {
        ChangeEventHeader: {
          entityName: type,
          recordIds: [recordId],
          changeType: change,
          changeOrigin: 'com/salesforce/api/rest/62.0',
          transactionKey: `0000-${id}`,
          sequenceNumber,
          commitTimestamp: at,
          commitNumber: at,
          commitUser: '0055g000001fakeAAA',
          nulledFields: [],
          diffFields: [],
          changedFields: [],
        },
      },
    },
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
