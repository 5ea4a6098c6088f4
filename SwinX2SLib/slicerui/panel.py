"""The module's panel: tabs with the sections, following the scene."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec

import ctk
import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SwinX2SLib import slicerui
from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.parameters import ReconstructionParameters, rename_old_parameters
from SwinX2SLib.slicerui.section import Section, Services

# The tabs and their sections, from the radiographs to what is done with the bones; a section that is not named here
# comes into the last but one.
TABS: dict[str, tuple[str, ...]] = {
    "radiographs": ("inputs", "reconstruct"),
    "result": ("result",),
    "measurements": ("measurements",),
    "research": ("compare", "batch"),
    "setup": ("models",),
}


def sections_by_tab() -> dict[str, list[str]]:
    """Return the sections of each tab: the packages of `slicerui` with a module `section`, in the panel's order."""
    packages = [module.name for module in pkgutil.iter_modules(slicerui.__path__) if module.ispkg]
    found = {name for name in packages if find_spec(f"{slicerui.__name__}.{name}.section")}
    tabs = {tab: [name for name in names if name in found] for tab, names in TABS.items()}
    tabs["research"] += sorted(found - {name for names in tabs.values() for name in names})
    return {tab: names for tab, names in tabs.items() if names}


def tab_title(tab: str) -> str:
    """Return what stands on a tab."""
    titles = {
        "radiographs": _("Radiographs"),
        "result": _("Result"),
        "measurements": _("Measurements"),
        "research": _("Research"),
        "setup": _("Setup"),
    }
    return titles[tab]


def make_section(name: str) -> Section:
    """Make a section, without its widgets yet.

    Args:
        name: of its package in `slicerui`, for example "inputs" for the class `InputsSection`.
    """
    module = importlib.import_module(f"{slicerui.__name__}.{name}.section")
    return getattr(module, f"{title_of(name)}Section")()


def title_of(name: str) -> str:
    """Return the first part of a section's class name and of its `.ui` file."""
    return "".join(word.capitalize() for word in name.split("_"))


_TAB_STYLE = """
QTabBar::tab { padding: 4px 5px; border: 1px solid palette(mid); border-bottom: none; margin-right: 1px; }
QTabBar::tab:selected { background: palette(base); font-weight: bold; }
QTabBar::tab:!selected { background: palette(button); }
"""


def _banner() -> qt.QLabel:
    banner = qt.QLabel()
    banner.name = "bannerLabel"
    banner.textFormat = qt.Qt.PlainText
    banner.wordWrap = True
    banner.visible = False
    banner.styleSheet = (
        "background: #b3261e; color: white; font-weight: bold; padding: 6px; border-radius: 3px;"
    )
    return banner


class Tabs:
    """The tabs; only the one that is shown takes room, so that the panel is as high as what is seen.

    Args:
        sections: names of the sections by tab, at least one each.

    Attributes:
        widget: holds them.
    """

    def __init__(self, sections: Mapping[str, Sequence[str]]):
        self.widget = qt.QTabWidget()
        # Five titles fit into the width of a docked panel.
        self.widget.tabBar().setStyleSheet(_TAB_STYLE)
        self._names = list(sections)
        self._alone = {tab for tab, names in sections.items() if len(names) == 1}
        self._pages: list[qt.QWidget] = []
        for tab in self._names:
            page = qt.QWidget()
            page.setLayout(qt.QVBoxLayout())
            page.layout().setContentsMargins(0, 4, 0, 0)
            page.layout().addStretch(1)
            self.widget.addTab(page, tab_title(tab))
            self._pages.append(page)
        self.widget.currentChanged.connect(self._on_changed)
        self._on_changed(0)

    def add(self, tab: str, widget: qt.QWidget) -> ctk.ctkCollapsibleButton | None:
        """Put a section into a tab; return what it folds under where the tab holds several."""
        layout = self._pages[self._names.index(tab)].layout()
        # Before the stretch at the end.
        if tab in self._alone:
            layout.insertWidget(layout.count() - 1, widget)
            return None
        fold = ctk.ctkCollapsibleButton()
        fold.text = widget.windowTitle
        fold.setLayout(qt.QVBoxLayout())
        fold.layout().setContentsMargins(0, 0, 0, 0)
        fold.layout().addWidget(widget)
        layout.insertWidget(layout.count() - 1, fold)
        return fold

    def show(self, tab: str) -> None:
        """Bring a tab to the front."""
        self.widget.setCurrentIndex(self._names.index(tab))

    def _on_changed(self, index: int) -> None:
        for number, page in enumerate(self._pages):
            policy = qt.QSizePolicy.Preferred if number == index else qt.QSizePolicy.Ignored
            page.setSizePolicy(policy, policy)


class ReconstructionPanel(VTKObservationMixin):
    """Creates the sections and notifies them of changes of the scene and the module.

    Args:
        layout: where the sections are put.
        logic: starts and holds the runs.
        parameter_node: gives the module's parameter node of the present scene.

    Attributes:
        sections: by name, in the order of the panel.
        tabs: that hold them.
        banner: above them, shown where the chosen result must not be relied on.
        services: what they share.
    """

    def __init__(
        self,
        layout: qt.QLayout,
        logic: ReconstructionLogic,
        parameter_node: Callable[[], slicer.vtkMRMLScriptedModuleNode],
    ):
        super().__init__()
        self._parameter_node = parameter_node
        self._is_entered = False
        self.parameters: ReconstructionParameters | None = None
        self.services = Services(logic, lambda: self.parameters)
        self.sections: dict[str, Section] = {}
        self.banner = _banner()
        layout.addWidget(self.banner)
        self.services.banner.connect(self._show_banner)
        by_tab = sections_by_tab()
        self.tabs = Tabs(by_tab)
        layout.addWidget(self.tabs.widget)
        for tab, names in by_tab.items():
            for name in names:
                self.sections[name] = self._add(name, tab)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_closing)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_replaced)
        self.addObserver(scene, scene.EndImportEvent, self._on_scene_replaced)
        self._follow_scene()

    def enter(self) -> None:
        """Show the present scene, which may have been replaced since the module was last seen."""
        self._is_entered = True
        # Whoever follows a node again leaves observers on it, so not at every visit.
        if self.parameters is None or self.parameters.parameterNode is not self._parameter_node():
            self._follow_scene()
        for section in self.sections.values():
            section.enter()

    def exit(self) -> None:
        """The user goes to another module: give the views back."""
        self._is_entered = False
        for section in self.sections.values():
            section.exit()

    def close(self) -> None:
        """Let go of everything; the module goes away (closed, or reloaded)."""
        self.removeObservers()
        for section in self.sections.values():
            section.close()
        self._forget_scene()

    def _add(self, name: str, tab: str) -> Section:
        section = make_section(name)
        widget = slicer.util.loadUI(str(resource_path("UI", f"{title_of(name)}.ui")))
        fold, remembered = self.tabs.add(tab, widget), f"folded/{name}"
        if fold is not None:
            fold.collapsed = self.services.settings.get(remembered, section.folded)
            fold.contentsCollapsed.connect(
                lambda folded: self.services.settings.set(remembered, bool(folded))
            )
        section.setup(slicer.util.childWidgetVariables(widget), self.services)
        return section

    def _show_banner(self, words: str) -> None:
        self.banner.text = words
        self.banner.visible = bool(words)

    def _follow_scene(self) -> None:
        self._forget_scene()
        node = self._parameter_node()
        rename_old_parameters(node)
        # VTK calls the first observer of an object after all others of its priority. It must not be one of the
        # wrapper's, which would then hold an old value while the sections look at it.
        self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._on_node_modified)
        self.parameters = ReconstructionParameters(node)
        for section in self.sections.values():
            section.follow(node)

    def _forget_scene(self) -> None:
        for section in self.sections.values():
            section.forget()
        self.parameters = None
        self.removeObservers(self._on_node_modified)

    def _on_node_modified(self, *_event: object) -> None:
        """Do nothing; see `_follow_scene`."""

    def _on_scene_closing(self, *_event: object) -> None:
        self.services.logic.cancel_all(_("The scene was closed; the reconstruction was cancelled."))
        self.services.logic.stop_idle_worker()
        self._forget_scene()

    def _on_scene_replaced(self, *_event: object) -> None:
        """Start again: while a scene is read, its nodes come later than what refers to them.

        While another module is shown, its layout and views stay as they are; `enter` follows the scene then.
        """
        if self._is_entered:
            self._follow_scene()
        else:
            self._forget_scene()
