export { usePermissionsDialog, type PermissionsRequest } from "../app/permissions";
