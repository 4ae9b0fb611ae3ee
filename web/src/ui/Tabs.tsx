import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components/Tabs";
import { useSearchParams } from "react-router";
import styles from "./Tabs.module.css";

export interface TabEntry {
  id: string;
  title: string;
  count?: number | undefined;
  content: ReactNode;
}

export interface TabsProps {
  label: string;
  tabs: readonly TabEntry[];
  selected: string;
  onSelect: (id: string) => void;
}

/** Panels of one page. Only the shown panel is mounted. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps) {
  return (
    <AriaTabs className={styles.tabs ?? ""} selectedKey={selected} onSelectionChange={(key) => onSelect(String(key))}>
      <TabList aria-label={label} className={styles.list ?? ""}>
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className={styles.tab ?? ""}>
            {tab.title}
            {tab.count === undefined ? null : <span className={styles.count}>{tab.count}</span>}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id} className={styles.panel ?? ""}>
          {tab.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}

/** Keeps the chosen tab in the address (`?tab=`), so that it can be linked and survives going back. */
export function useTab(first: string, name = "tab"): [string, (id: string) => void] {
  const [params, setParams] = useSearchParams();
  const select = (id: string) => {
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        if (id === first) next.delete(name);
        else next.set(name, id);
        return next;
      },
      { replace: true },
    );
  };
  return [params.get(name) ?? first, select];
}
