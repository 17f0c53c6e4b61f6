export { type BorrowedClient, borrowClient } from './borrowed-client.js';
export { embeddedSuperuserUrl } from './embedded-superuser.js';
export { textsThatCannotBeStored, timesThatCannotBeStored } from './unstorable.js';
