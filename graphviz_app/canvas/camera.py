"""The camera: owns the scene, zooms, pans and fits, and paints only what a frame affords."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QVariantAnimation, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QCursor,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QTransform,
)
from PySide6.QtWidgets import QFrame, QGraphicsView

from engine.graph.graph import Graph
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.paint import qrect
from graphviz_app.canvas.scene import GraphScene
from graphviz_app.theme import Theme, ui_font
from graphviz_app.widgets.basics import dot_tile

LEAST_ZOOM, MOST_ZOOM = 0.05, 4.0
LEAST_FIT, MOST_FIT = 0.005, 1.25  # a huge graph is shown whole, a tiny one not blown up
FIT_MARGIN_PX = 28
DOTS_PX = 24
NOTHING = (
    "Double-click, or press Tab, to add a node",
    "Drag one from the palette, or type a formula with Ctrl+L",
)
GLIDE_MS = 200
AIR_PX = 24  # around what is brought into sight


class Camera(QGraphicsView):
    """Looks at one `GraphScene`.  Signal: ``view_changed()`` after each pan, zoom or resize."""

    view_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        # A view does not keep its scene alive; this reference does.
        self.graph_scene = GraphScene(CanvasModel.from_graph(Graph()), theme)
        super().__init__(self.graph_scene)
        self.reduced_motion = False
        self.covered = 0  # pixels at the top that something lies over: what is fitted stays clear
        self._stays_fitted = True
        self._dots: tuple[tuple[int, float, str], QPixmap] | None = None
        self._glide = QVariantAnimation(self)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.setDuration(GLIDE_MS)
        self._glide.valueChanged.connect(self._glide_moved)
        self._glide_ends = (1.0, QPointF(), 1.0, QPointF())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlags(
            QGraphicsView.OptimizationFlag.DontSavePainterState
            | QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing
        )
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)

    @property
    def model(self) -> CanvasModel:
        """What is shown; change it through the view's methods."""
        return self.graph_scene.model

    @property
    def theme(self) -> Theme:
        """The colours it is shown in."""
        return self.graph_scene.stage.look.theme

    # where one looks ----------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Viewport pixels a scene pixel."""
        return self.transform().m11()

    @property
    def fitted(self) -> bool:
        """Whether everything is shown, and stays so as the window changes its size."""
        return self._stays_fitted

    def to_scene(self, position: QPointF) -> QPointF:
        """A place in the viewport, in scene pixels, without rounding."""
        return self.viewportTransform().inverted()[0].map(position)

    def visible_rect(self) -> QRectF:
        """What can be seen of the scene."""
        size = self.viewport().size()
        return QRectF(
            self.to_scene(QPointF(0, 0)), self.to_scene(QPointF(size.width(), size.height()))
        )

    def fit(self, animated: bool = False) -> None:
        """Show everything, and keep doing so until the user zooms or pans."""
        self._stays_fitted = True
        self._look_at_box(qrect(self.model.bounds()), animated)

    def fit_box(self, box: QRectF, animated: bool = True) -> None:
        """Show ``box`` of the scene as large as fits, but not huge."""
        self._stays_fitted = False
        self._look_at_box(box, animated)

    def bring_into_sight(self, box: QRectF) -> None:
        """Move the view just so far that ``box`` is seen, smaller where it is too large."""
        seen = self.visible_rect()
        if box.isNull() or seen.contains(box):
            return
        centre, air = seen.center(), AIR_PX / self.zoom
        seen.setTop(seen.top() + self.covered / self.zoom)
        box = box.adjusted(-air, -air, air, air)
        if box.width() > seen.width() or box.height() > seen.height():
            self.fit_box(box)
            return
        right = min(0.0, box.left() - seen.left()) + max(0.0, box.right() - seen.right())
        down = min(0.0, box.top() - seen.top()) + max(0.0, box.bottom() - seen.bottom())
        self._stays_fitted = False
        self.look_at(self.zoom, centre + QPointF(right, down), animated=True)

    def _look_at_box(self, box: QRectF, animated: bool) -> None:
        scale = self._fitting_scale(box)
        self.look_at(scale, box.center() - QPointF(0, self.covered / 2 / scale), animated)

    def _fitting_scale(self, box: QRectF) -> float:
        margin = 2 * FIT_MARGIN_PX
        scale = min(
            max(1, self.viewport().width() - margin) / max(1.0, box.width()),
            max(1, self.viewport().height() - margin - self.covered) / max(1.0, box.height()),
            MOST_FIT,
        )
        return max(scale, LEAST_FIT)

    def stay_fitted(self) -> None:
        """Show everything if that is what one looks at: something moved."""
        if self._stays_fitted:
            self.fit()
        else:
            self.view_changed.emit()

    def start_fitting(self) -> None:
        """Show the next graph as a whole."""
        self._stays_fitted = True

    def stop_fitting(self) -> None:
        """Keep looking at the same place, whatever is added to the graph."""
        self._stays_fitted = False

    def middle(self) -> tuple[float, float]:
        """The scene point in the middle of the view."""
        centre = self.visible_rect().center()
        return centre.x(), centre.y()

    def pointer_place(self) -> tuple[float, float] | None:
        """The scene point under the mouse, if that is over the canvas."""
        viewport = self.viewport()
        at = viewport.mapFromGlobal(QCursor.pos())
        if not viewport.rect().contains(at):
            return None
        place = self.to_scene(QPointF(at))
        return place.x(), place.y()

    def zoom_to(self, scale: float, at: QPointF | None = None) -> None:
        """Zoom to ``scale``; the scene point at ``at`` (viewport, default its middle) stays."""
        self._stays_fitted = False
        scale = min(max(scale, min(LEAST_ZOOM, self.zoom)), MOST_ZOOM)
        size = self.viewport().size()
        middle = QPointF(size.width() / 2, size.height() / 2)
        anchor = middle if at is None else at
        kept = self.to_scene(anchor)
        self.look_at(scale, kept + (middle - anchor) / scale)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor, about ``at``."""
        self.zoom_to(self.zoom * factor, at)

    def pan_by(self, pixels: QPointF) -> None:
        """Move the picture by so many viewport pixels."""
        self._stays_fitted = False
        self._glide.stop()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - round(pixels.x()))
        down.setValue(down.value() - round(pixels.y()))
        self.view_changed.emit()

    def look_at(self, scale: float, centre: QPointF, animated: bool = False) -> None:
        """Show the scene at this scale around ``centre``."""
        self._glide.stop()
        if animated and not self.reduced_motion and self.isVisible():
            self._glide_ends = (self.zoom, self.visible_rect().center(), scale, centre)
            self._glide.start()
            return
        self.setTransform(QTransform.fromScale(scale, scale))
        self.centerOn(centre)
        self.view_changed.emit()

    @Slot(object)
    def _glide_moved(self, progress: float) -> None:
        from_scale, from_centre, to_scale, to_centre = self._glide_ends
        eased = 1.0 - (1.0 - progress) ** 3
        scale = from_scale * (to_scale / from_scale) ** eased
        self.setTransform(QTransform.fromScale(scale, scale))
        self.centerOn(from_centre + (to_centre - from_centre) * eased)
        self.view_changed.emit()

    def stop_motion(self) -> None:
        """End a movement under way where it is."""
        self._glide.stop()

    # painting -----------------------------------------------------------------------------------

    def repaint_all(self) -> None:
        """Draw everything again: cheaper than telling hundreds of items."""
        self.viewport().update()

    def choose_tier(self) -> None:
        """Fit the level of detail to how many nodes are visible."""
        seen = self.visible_rect()
        box = (seen.left(), seen.top(), seen.right(), seen.bottom())
        self.graph_scene.use_tier(len(self.model.geometry.nodes_in(box)), self.zoom)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.choose_tier()
        super().paintEvent(event)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, QColor(self.theme.canvas))
        step = DOTS_PX * self.zoom
        while step < DOTS_PX * 0.7:
            step *= 2
        while step > DOTS_PX * 1.5:
            step /= 2
        tile = self._tile(round(step))
        scene_to_view = painter.worldTransform()
        origin = scene_to_view.map(QPointF(0, 0))
        size = round(step)
        area = scene_to_view.mapRect(QRectF(rect))
        painter.setWorldTransform(QTransform())
        start = QPointF((area.left() - origin.x()) % size, (area.top() - origin.y()) % size)
        painter.drawTiledPixmap(area, tile, start)
        painter.setWorldTransform(scene_to_view)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self.model.ids or self.model.notes:
            return
        painter.setWorldTransform(QTransform())
        middle = QRectF(self.viewport().rect())
        painter.setFont(ui_font(15, 600))
        painter.setPen(QColor(self.theme.text_soft))
        painter.drawText(middle.translated(0, -14), Qt.AlignmentFlag.AlignCenter, NOTHING[0])
        painter.setFont(ui_font(13))
        painter.drawText(middle.translated(0, 14), Qt.AlignmentFlag.AlignCenter, NOTHING[1])

    def _tile(self, size: int) -> QPixmap:
        """One dot at the corner of a square, for the screen that this is on."""
        key = (size, self.devicePixelRatioF(), self.theme.name)
        if self._dots is None or self._dots[0] != key:
            self._dots = (key, dot_tile(self.theme, size, key[1]))
        return self._dots[1]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.stay_fitted()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stays_fitted:
            self.fit()
