import { Bot, Box, FileText, FlaskConical, Folder, NotebookText, Play, User, Users, Boxes, type LucideIcon } from "lucide-react";

const icons: Record<string, LucideIcon> = {
  directory: Folder,
  notebook: NotebookText,
  file: FileText,
  experiment: FlaskConical,
  mlflowExperiment: FlaskConical,
  run: Play,
  "registered-model": Box,
  "model-version": Box,
  "logged-model": Boxes,
  user: User,
  group: Users,
  "service-principal": Bot,
  service_principal: Bot,
};

/** The icon of a kind of object or principal. Decoration: its word stands beside it. */
export function KindIcon({ kind, size = 16 }: { kind: string; size?: number }) {
  const Icon = icons[kind] ?? FileText;
  return <Icon size={size} aria-hidden="true" />;
}
