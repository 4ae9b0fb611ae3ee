import { useEffect, useRef, useState, type RefObject } from "react";

/** Says once that an element came near the window's visible part, so that what is far below costs nothing. */
export function useSeen(): [RefObject<HTMLDivElement | null>, boolean] {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element || seen) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: "300px" });
    observer.observe(element);
    return () => observer.disconnect();
  }, [seen]);
  return [box, seen];
}
